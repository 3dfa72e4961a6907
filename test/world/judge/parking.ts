import type { Timeline } from "../machine/timeline.ts";
import { PARK_AFTER_SEC } from "../players/config.ts";
import type { Claim } from "./claim.ts";
import type { Claims } from "./claims.ts";
import type { Emulators } from "./emulators.ts";
import type { HostMemory } from "./host-memory.ts";

// Parking, written down from vm-power.conf(5), "Parked".

/** The heartbeat, at which CPUs are parked, and what a start takes. */
const PARKED_MS = PARK_AFTER_SEC * 1000 + 22_000;

/** Who may run on the clocks of a host. */
interface Users {
  readonly claims: Claims;
  readonly emulators: Emulators;
}

/** Which clocks may be parked, and which must be. */
export class Parking {
  /** Since when the daemon must know that no VM may run on a clock. */
  readonly #freeSinceMs = new Map<number, number>();
  readonly #host: HostMemory;
  readonly #users: Users;
  readonly #timeline: Timeline;

  constructor(host: HostMemory, users: Users, timeline: Timeline) {
    this.#host = host;
    this.#users = users;
    this.#timeline = timeline;
  }

  /** The daemon may not know any more what runs on a clock, or with none on all. */
  doubt(clock?: number): void {
    if (clock === undefined) this.#freeSinceMs.clear();
    else this.#freeSinceMs.delete(clock);
  }

  /** The daemon knows where VMs may run. */
  settle(): void {
    for (let cpu = 0; cpu < this.#host.hardware.cpus; cpu++) {
      const clock = this.#host.clockOf(cpu);
      if (!this.#isFree(clock)) this.#freeSinceMs.delete(clock);
      else if (!this.#freeSinceMs.has(clock)) this.#freeSinceMs.set(clock, this.#timeline.nowMs);
    }
  }

  /** No VM that the daemon must know may run there. */
  mayBe(clock: number): boolean {
    const isThere = this.#host.onlineOn(clock);
    const uses = ({ vm, vcpu, isSettled, places }: Claim) =>
      isSettled && vcpu < vm.online && vm.state !== "off" && places.flat().some(isThere);
    const { claims, emulators } = this.#users;
    return !claims.on(clock).some(uses) && !emulators.anyAt(isThere, { surely: true });
  }

  mustBe(clock: number): boolean {
    const { nowMs } = this.#timeline;
    return this.#isFree(clock) && nowMs - (this.#freeSinceMs.get(clock) ?? nowMs) > PARKED_MS;
  }

  #isFree(clock: number): boolean {
    const { claims, emulators } = this.#users;
    const isThere = (cpu: number) => this.#host.clockOf(cpu) === clock;
    return claims.on(clock).length === 0 && !emulators.anyAt(isThere, { surely: false });
  }
}

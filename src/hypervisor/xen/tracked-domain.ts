import type { Domain, Pcpu } from "../../base/domain.ts";
import type { Ending, Origin } from "../../base/origin.ts";
import type { DomainInfo } from "./domain-info.ts";
import { vcpuCount, type XenDomains } from "./hypercalls.ts";
import { endingOf, migrationOf, SUSPENDED } from "./words.ts";

/** What xenstore says about a domain. */
export interface DomainNames {
  /** Undefined if it has no name yet, or none that can be used. */
  readonly name: string | undefined;
  /** The numbers of its channels by the paths of their sockets. */
  readonly channels: ReadonlyMap<string, number>;
}

/** One run of a domain, followed from its first look on. */
export class TrackedDomain {
  readonly id: number;
  readonly uuid: string;
  names: DomainNames | undefined;
  #start: Origin;
  #ending: Ending | undefined;
  #hasRun = false;

  /** `isNew`: it was not there when the daemon began to look. */
  constructor({ id, uuid }: DomainInfo, { isNew }: { readonly isNew: boolean }) {
    this.id = id;
    this.uuid = uuid;
    this.#start = isNew ? "booted" : "unknown";
    this.#hasRun = !isNew;
  }

  /** Identifies the run: a domain that is migrated within a host exists twice with one UUID. */
  get run(): { readonly uuid: string; readonly id: number } {
    return { uuid: `${this.uuid}:${this.id}`, id: this.id };
  }

  /** How it ended, as far as Xen said; without a word it was destroyed. */
  get ending(): Ending {
    const name = this.names?.name;
    if (name !== undefined && migrationOf(name) === "away") return "migrated-out";
    return this.#ending ?? "destroyed";
  }

  /** Notes what Xen says of its end. It may be destroyed a moment later. */
  note({ shutdown }: DomainInfo): void {
    this.#ending = shutdown === undefined ? undefined : endingOf(shutdown);
  }

  /** Whether it has ended, though Xen still lists it. */
  static isOver({ isDying, shutdown }: DomainInfo): boolean {
    return isDying || (shutdown !== undefined && shutdown !== SUSPENDED);
  }

  /** What to report; undefined while it has no name of its own. */
  domain(info: DomainInfo, xen: XenDomains, poolOf: (id: number) => ReadonlySet<Pcpu>): Domain | undefined {
    const name = this.names?.name;
    if (this.names === undefined || name === undefined) return undefined;
    const migration = migrationOf(name);
    if (migration === "incoming") this.#start = "migrated-in";
    if (migration !== undefined) return undefined;
    return {
      name,
      uuid: this.uuid,
      run: this.run.uuid,
      ...this.#state(info),
      pins: pinsOf(info, xen, poolOf),
      channels: this.names.channels,
    };
  }

  #state({ isPaused, shutdown }: DomainInfo): Pick<Domain, "state" | "origin"> {
    if (shutdown === SUSPENDED) return { state: "paused", origin: "paused-to-save" };
    if (isPaused && !this.#hasRun) return { state: "paused", origin: "paused-until-start" };
    if (isPaused) {
      this.#start = "resumed";
      return { state: "paused", origin: "paused" };
    }
    this.#hasRun = true;
    return { state: "running", origin: this.#start };
  }
}

/** The CPUs that each vCPU may run on: its hard affinity, as far as the domain's pool has these CPUs. */
function pinsOf(info: DomainInfo, xen: XenDomains, poolOf: (id: number) => ReadonlySet<Pcpu>): Pcpu[][] {
  const pool = poolOf(info.cpupool);
  return Array.from({ length: vcpuCount(info) }, (_, vcpu) => {
    if (xen.vcpu(info.id, vcpu)?.online !== true) return [];
    return (xen.affinity(info.id, vcpu) ?? []).filter((pcpu) => pool.has(pcpu));
  });
}

import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { PolicyView } from "../../arbiter/policy-view.ts";
import { trafficOf } from "../../base/policy-rule.ts";
import type { PacketMeter } from "../../traffic/packet-meter.ts";
import type { Alarm } from "../alarm.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { PolicyClock } from "../local-hours.ts";
import type { Clocks } from "./clocks.ts";

const ALARM = "traffic";

/** Between two measurements, in ms. */
const INTERVAL_MS = 1000;

/** What {@link TrafficWatch} needs. */
export interface TrafficWatchOptions {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly alarm: Alarm;
  readonly log: LimitedLog;
  readonly moment: PolicyClock;
  readonly meter: PacketMeter;
}

/** Measures traffic while a guest policy depends on it, apart from packets. Otherwise it is off. */
export class TrafficWatch {
  readonly #options: TrafficWatchOptions;
  /** Policies whose source of numbers was not found at the last measurement. */
  readonly #vanished = new Set<number>();
  #measuring = false;
  #closed = false;

  constructor(options: TrafficWatchOptions) {
    this.#options = options;
  }

  /** Starts to measure if a policy depends on traffic now. Called when policies or the hour have changed. */
  consider(): void {
    const { alarm } = this.#options;
    if (this.#measuring || alarm.has(ALARM) || this.#needing().length === 0) return;
    alarm.after(ALARM, 0, () => void this.#measure());
  }

  close(): void {
    this.#closed = true;
  }

  async #measure(): Promise<void> {
    const { alarm, arbiter, clocks, meter, moment } = this.#options;
    const needing = this.#needing();
    if (needing.length === 0) {
      meter.forget();
      this.#vanished.clear();
      return;
    }
    const beganMs = moment().now.monoMs;
    this.#measuring = true;
    const rates = await meter.measure(needing);
    this.#measuring = false;
    if (this.#closed) return;
    this.#tell(needing, rates);
    clocks.settle(arbiter.policies.measured(rates, moment()), "a measurement of traffic");
    alarm.at(ALARM, Math.max(beganMs + INTERVAL_MS, moment().now.monoMs), () => void this.#measure());
  }

  #needing() {
    const { arbiter, moment } = this.#options;
    // The heartbeat asks too, and on most hosts there is no policy: then the hour is not looked up.
    if (arbiter.policies.isEmpty) return [];
    return arbiter.policies
      .needingTraffic(moment().local)
      .map((policy) => ({ ...policy, macs: trafficOf(policy.rule)?.macs ?? [] }));
  }

  #tell(
    needing: readonly (PolicyView & { readonly macs: readonly string[] })[],
    rates: ReadonlyMap<number, number | undefined>,
  ): void {
    for (const { id, vm, macs } of needing) {
      if (!rates.has(id)) continue;
      const isVanished = rates.get(id) === undefined;
      if (isVanished === this.#vanished.has(id)) continue;
      if (isVanished) this.#vanished.add(id);
      else this.#vanished.delete(id);
      const which =
        macs.length === 0 ? "it names no MAC address" : `no packets are counted for ${macs.join(", ")}`;
      this.#options.log(`traffic of ${vm}`, "notice", () => ({
        message: isVanished
          ? `A guest policy of ${vm} depends on traffic, but ${which}: it wants nothing`
          : `The traffic of ${vm} can be measured again`,
        fields: { VM: vm },
      }));
    }
  }
}

import type { Domain } from "../../base/domain.ts";
import { Readings } from "../../energy/reading.ts";

/** A counter of a part of one package. It begins anew where the hardware says so, at no known number. */
const COUNTER = { scope: "part", quantity: "energy", rangeUj: undefined } as const;

/** The counters of one run of a VM. */
interface Counting {
  readonly run: string | undefined;
  readonly counters: ReadonlyMap<string, Readings>;
}

/** What the cores used for each VM, from the counters of the hardware's own monitors, which are judged as meters are. */
export class CoreJoules {
  readonly #vms = new Map<string, Counting>();

  /**
   * The joules since the last call; undefined if the counters tell nothing new, as at first. A counter that is not told
   * any more is forgotten, and begins anew when it comes back.
   */
  take({ name, run }: Domain, told: ReadonlyMap<string, number>, atMs: number): number | undefined {
    const before = this.#vms.get(name);
    const known = before?.run === run ? before?.counters : undefined;
    const counters = new Map<string, Readings>();
    let sum: number | undefined;
    for (const [counter, joules] of told) {
      const readings = known?.get(counter) ?? new Readings(COUNTER);
      counters.set(counter, readings);
      const used = readings.take({ value: joules * 1e6, atMs });
      if (used !== undefined) sum = (sum ?? 0) + used;
    }
    this.#vms.set(name, { run, counters });
    return sum;
  }

  /** Forgets VMs that do not exist any more. */
  keep(exists: (vm: string) => boolean): void {
    for (const vm of this.#vms.keys()) if (!exists(vm)) this.#vms.delete(vm);
  }
}

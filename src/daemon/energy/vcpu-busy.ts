import type { Domain, Vcpu } from "../../base/domain.ts";

/** What was told about the vCPUs of a VM, and when, on the monotonic clock. */
interface Told {
  readonly run: string | undefined;
  readonly atMs: number;
  readonly times: ReadonlyMap<Vcpu, number>;
  readonly busy: readonly number[];
}

/** How busy vCPUs are, from the CPU times that the hypervisor tells. */
export class VcpuBusy {
  readonly #told = new Map<string, Told>();

  /**
   * The part of the time since the last call in which each vCPU ran. Where no CPU time is told, it is what it was before. At
   * first it is all of it: guests that ask for speeds usually poll.
   */
  take(domain: Domain, times: ReadonlyMap<Vcpu, number> | undefined, atMs: number): readonly number[] {
    const before = this.#told.get(domain.name);
    const last = before !== undefined && before.run === domain.run ? before : undefined;
    if (domain.state === "paused") return domain.pins.map(() => 0);
    if (times === undefined) return domain.pins.map((_, vcpu) => last?.busy[vcpu] ?? 1);
    const busy = domain.pins.map((_, vcpu) => {
      const time = times.get(vcpu);
      // A vCPU that is offline.
      if (time === undefined) return 0;
      if (last === undefined || atMs <= last.atMs) return 1;
      const usedNs = time - (last.times.get(vcpu) ?? 0);
      return Math.min(1, Math.max(0, usedNs / ((atMs - last.atMs) * 1e6)));
    });
    this.#told.set(domain.name, { run: domain.run, atMs, times, busy });
    return busy;
  }

  /** Forgets VMs that do not exist any more. */
  keep(exists: (vm: string) => boolean): void {
    for (const vm of this.#told.keys()) if (!exists(vm)) this.#told.delete(vm);
  }
}

import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import { groupBy } from "../base/group-by.ts";
import type { Result } from "../base/result.ts";
import type { UnmanagedCpu } from "./cpufreq.ts";

/** A CPU, those of its cpufreq policy, and others on the same hardware clock. */
interface SharingCpu {
  readonly pcpu: Pcpu;
  readonly related: readonly Pcpu[];
  readonly neighbours: readonly Pcpu[];
}

/** The CPUs that the operator lets us change. */
export interface Permission {
  readonly managed: "all" | readonly Pcpu[];
  /** Not even touched if they are managed, nor is what shares a clock with them. */
  readonly reserved?: readonly Pcpu[];
}

/** Answers what an operator permits, for one CPU after the other. */
export class Permitted {
  readonly reserved: ReadonlySet<Pcpu>;
  /** Undefined: all. */
  readonly #managed: ReadonlySet<Pcpu> | undefined;

  constructor({ managed, reserved = [] }: Permission) {
    this.reserved = new Set(reserved);
    this.#managed = managed === "all" ? undefined : new Set(managed);
  }

  /** The CPUs that are named, whether the host has them or not. */
  get named(): Iterable<Pcpu> {
    return [...(this.#managed ?? [])].filter((pcpu) => !this.reserved.has(pcpu));
  }

  isManaged(pcpu: Pcpu): boolean {
    return this.#managed?.has(pcpu) !== false;
  }

  /** Why a CPU may not be changed. */
  objection(pcpu: Pcpu): string | undefined {
    if (this.reserved.has(pcpu)) return "in Reserved";
    return this.isManaged(pcpu) ? undefined : "not in ManagedCpus";
  }
}

/**
 * The CPUs whose clock is also that of a reserved one, each with that one. Clocks are followed from one CPU to the next,
 * because the speed of any of their CPUs takes effect for all.
 */
export function sharedWithReserved(
  scanned: readonly SharingCpu[],
  reserved: ReadonlySet<Pcpu>,
): Map<Pcpu, Pcpu> {
  const shared = new Map<Pcpu, Pcpu>();
  let before: number;
  do {
    before = shared.size;
    for (const { pcpu, related, neighbours } of scanned) {
      if (shared.has(pcpu)) continue;
      const others = [...related, ...neighbours];
      const near = others.find((other) => reserved.has(other)) ?? others.find((other) => shared.has(other));
      if (near !== undefined) shared.set(pcpu, shared.get(near) ?? near);
    }
  } while (before < shared.size);
  return shared;
}

/** The CPUs that are not managed, with the reasons: one that was found has none, unless its clock is that of a reserved one. */
export function unmanagedCpus(
  found: ReadonlyMap<Pcpu, Result<unknown>>,
  { shared, permitted }: { readonly shared: ReadonlyMap<Pcpu, Pcpu>; readonly permitted: Permitted },
): UnmanagedCpu[] {
  const unmanaged = [...found].flatMap(([pcpu, cpu]): UnmanagedCpu[] => {
    if (!cpu.ok)
      return [{ pcpu, reason: cpu.why, ...(permitted.reserved.has(pcpu) ? { reserved: true } : {}) }];
    const other = shared.get(pcpu);
    if (other === undefined) return [];
    return [{ pcpu, reason: `shares its clock with CPU ${other}, which is in Reserved`, reserved: true }];
  });
  return unmanaged.sort((a, b) => a.pcpu - b.pcpu);
}

/** A warning for each reserved CPU whose clock keeps others from being changed. */
export function sharedWarnings(shared: ReadonlyMap<Pcpu, Pcpu>): string[] {
  return [...groupBy(shared.keys(), (pcpu) => shared.get(pcpu))].map(
    ([other, pcpus]) =>
      `CPU ${formatCpuList(pcpus)}: left alone too, because of the clock shared with CPU ${other}, which is in Reserved`,
  );
}

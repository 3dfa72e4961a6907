import type { Pcpu } from "../../base/domain.ts";
import type { ScannedCpu } from "./scan.ts";

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
  scanned: readonly ScannedCpu[],
  reserved: ReadonlySet<Pcpu>,
): Map<Pcpu, Pcpu> {
  const shared = new Map<Pcpu, Pcpu>();
  for (let before = -1; before < shared.size; ) {
    before = shared.size;
    for (const { pcpu, related, neighbours } of scanned) {
      if (shared.has(pcpu)) continue;
      const others = [...related, ...neighbours];
      const near = others.find((other) => reserved.has(other)) ?? others.find((other) => shared.has(other));
      if (near !== undefined) shared.set(pcpu, shared.get(near) ?? near);
    }
  }
  return shared;
}

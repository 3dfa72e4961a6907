import type { Pcpu } from "../base/domain.ts";

/** CPUs that are joined with others, step by step (a union-find). */
export class JoinedCpus {
  readonly #parents = new Map<Pcpu, Pcpu>();

  join(a: Pcpu, b: Pcpu): void {
    const lowestOfA = this.lowest(a);
    const lowestOfB = this.lowest(b);
    this.#parents.set(Math.max(lowestOfA, lowestOfB), Math.min(lowestOfA, lowestOfB));
  }

  /** The lowest CPU that a CPU is joined with: the same for all of them. */
  lowest(pcpu: Pcpu): Pcpu {
    let lowest = pcpu;
    for (
      let up = this.#parents.get(lowest);
      up !== undefined && up !== lowest;
      up = this.#parents.get(lowest)
    )
      lowest = up;
    return lowest;
  }
}

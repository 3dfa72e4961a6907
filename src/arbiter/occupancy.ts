import type { Domain, Pcpu } from "../base/domain.ts";

const NOWHERE: ReadonlySet<Pcpu> = new Set();

/** On which CPUs which domains may run, served or not. */
export class Occupancy {
  readonly #pcpusOf = new Map<string, ReadonlySet<Pcpu>>();
  /** The number of domains that may run on a CPU. */
  readonly #users = new Map<Pcpu, number>();

  /** Notes where a domain may run; nowhere, if it is gone. Returns the CPUs for which that has changed. */
  put(name: string, domain: Pick<Domain, "pins" | "threads"> | undefined): readonly Pcpu[] {
    const before = this.#pcpusOf.get(name) ?? NOWHERE;
    const now = domain === undefined ? NOWHERE : pcpusOf(domain);
    if (now.size === 0) this.#pcpusOf.delete(name);
    else this.#pcpusOf.set(name, now);
    const come = [...now].filter((pcpu) => !before.has(pcpu));
    const left = [...before].filter((pcpu) => !now.has(pcpu));
    for (const pcpu of come) this.#users.set(pcpu, (this.#users.get(pcpu) ?? 0) + 1);
    for (const pcpu of left) {
      const users = (this.#users.get(pcpu) as number) - 1;
      if (users > 0) this.#users.set(pcpu, users);
      else this.#users.delete(pcpu);
    }
    return [...come, ...left];
  }

  isUsed(pcpu: Pcpu): boolean {
    return this.#users.has(pcpu);
  }

  /** Some domains that may run on one of these CPUs, at most `max`. */
  usersOf(pcpus: readonly Pcpu[], max: number): string[] {
    const found: string[] = [];
    if (!pcpus.some((pcpu) => this.isUsed(pcpu))) return found;
    for (const [name, used] of this.#pcpusOf) {
      if (found.length === max) break;
      if (pcpus.some((pcpu) => used.has(pcpu))) found.push(name);
    }
    return found;
  }
}

/**
 * Every pin counts, however wide, of vCPUs and other threads, also of a paused domain: it may run there at any time. An
 * emulator or iothread without pins is not known here: it goes where the kernel finds room.
 */
function pcpusOf({ pins, threads = [] }: Pick<Domain, "pins" | "threads">): ReadonlySet<Pcpu> {
  const found = new Set<Pcpu>();
  // The vCPUs of an unpinned domain share one list of all CPUs.
  for (const list of new Set([...pins, ...threads.map(({ pcpus }) => pcpus)]))
    for (const pcpu of list) found.add(pcpu);
  return found;
}

import { type DomainThread, type Pcpu, VCPUS_MAX, type Vcpu } from "../../base/domain.ts";
import type { Proc } from "./proc.ts";

/** The name that QEMU gives to the thread of a vCPU, with its accelerator: `CPU 3/KVM`, `CPU 3/TCG`. */
const VCPU_THREAD = /^CPU (\d{1,4})\/[A-Z]+$/;

/** The name of an I/O thread, which its operator chose: `IO iothread1`. */
const IO_THREAD = /^IO (.+)$/;

/** The CPUs that a thread may run on; undefined if it has ended. */
export type Affinity = (tid: number) => readonly Pcpu[] | undefined;

/** The threads of a QEMU that matter, by their roles. */
export interface Threads {
  /** How many there are of all kinds: if that changes, they must be looked for again. */
  readonly count: number | undefined;
  readonly vcpus: ReadonlyMap<Vcpu, number>;
  /** The emulator's and the I/O threads. */
  readonly others: readonly { readonly name: string; readonly tid: number }[];
}

/** Looks for the threads of a QEMU by their names. Of two with one name the older counts. */
export function findThreads(proc: Proc, pid: number): Threads {
  // Before the list: what comes in between is found at the next look.
  const count = proc.threadCount(pid);
  const vcpus = new Map<Vcpu, number>();
  const others = [{ name: "emulator", tid: pid }];
  for (const tid of proc.threads(pid)) {
    const name = proc.text(pid, `task/${tid}/comm`) ?? "";
    const vcpu = Number(VCPU_THREAD.exec(name)?.[1] ?? VCPUS_MAX);
    if (vcpu < VCPUS_MAX && !vcpus.has(vcpu)) vcpus.set(vcpu, tid);
    const io = IO_THREAD.exec(name)?.[1];
    if (io !== undefined) others.push({ name: `iothread ${io}`, tid });
  }
  return { count, vcpus, others };
}

/** Where the vCPUs may run, among the CPUs that the host has; a vCPU without a thread is offline. */
export function pinsOf({ vcpus }: Threads, affinity: Affinity, host: ReadonlySet<Pcpu>): Pcpu[][] {
  return Array.from({ length: Math.max(...vcpus.keys()) + 1 }, (_, vcpu) => {
    const tid = vcpus.get(vcpu);
    return tid === undefined ? [] : cpusOf(tid, affinity, host);
  });
}

/** The threads beside the vCPUs that may not run on every CPU; undefined if there is none. */
export function pinnedOthers(
  { others }: Threads,
  affinity: Affinity,
  host: ReadonlySet<Pcpu>,
): readonly DomainThread[] | undefined {
  const pinned = others
    .map(({ name, tid }) => ({ name, pcpus: cpusOf(tid, affinity, host) }))
    .filter(({ pcpus }) => pcpus.length > 0 && pcpus.length < host.size);
  return pinned.length === 0 ? undefined : pinned;
}

function cpusOf(tid: number, affinity: Affinity, host: ReadonlySet<Pcpu>): Pcpu[] {
  return (affinity(tid) ?? []).filter((pcpu) => host.has(pcpu));
}

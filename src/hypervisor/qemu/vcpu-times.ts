import type { Vcpu } from "../../base/domain.ts";
import type { Proc } from "./proc.ts";
import type { TrackedQemu } from "./tracked-qemu.ts";

/** The CPU time in ns that each vCPU's thread has used: the first number of its `schedstat`. */
export function vcpuTimesOf(
  proc: Proc,
  { pid, threads }: TrackedQemu,
): ReadonlyMap<Vcpu, number> | undefined {
  const times = new Map<Vcpu, number>();
  for (const [vcpu, tid] of threads.vcpus) {
    const timeNs = Number(/^\d+/.exec(proc.text(pid, `task/${tid}/schedstat`) ?? "")?.[0]);
    if (Number.isNaN(timeNs)) return undefined;
    times.set(vcpu, timeNs);
  }
  return times;
}

import type { Policy } from "../../machine/kernel-policy.ts";
import type { Invariant, Seen } from "../invariant.ts";

interface Cpu {
  readonly pcpu: number;
  readonly requestedKhz?: number;
}

interface Check {
  readonly pcpu: number;
  readonly ok: boolean;
  readonly khz?: number;
  readonly reason?: string;
}

/** Whether a limit that another program set keeps a policy from the speed that was asked for, and verify says so. */
function isLimited(policy: Policy, { khz = 0, reason }: Check): boolean {
  return isOutside(policy, khz) && reason === "a limit of the host keeps it at another speed";
}

function isOutside({ state }: Policy, khz: number): boolean {
  return khz > state.maxKhz || khz < state.minKhz;
}

export const tellsTruth: Invariant = {
  name: "tells-truth",
  says: "What operators are told is so: verify, the list of CPUs and VMs, the counts",
  calm(world, seen) {
    if (world.isDisputed) return undefined;
    const running = [...world.vms.values()].filter(({ state }) => state !== "off");
    const vms = listOf(seen, "ListVms", "vms");
    const told = vms.map((vm) => (vm as { name: string }).name).sort();
    const names = running.map(({ name }) => name).sort();
    if (told.join() !== names.join())
      return `the VMs are ${names.join()}, and operators are told ${told.join()}`;
    const { model } = world.judge;
    for (const check of listOf(seen, "Verify", "cpus") as readonly Check[]) {
      const policy = world.kernel.policyOf[check.pcpu];
      if (policy === undefined || check.ok || model.memoryOf(policy).isBlurred) continue;
      if (!isLimited(policy, check)) return `verify finds ${JSON.stringify(check)}`;
    }
    for (const { pcpu, requestedKhz } of listOf(seen, "ListCpus", "cpus") as readonly Cpu[]) {
      const policy = world.kernel.policyOf[pcpu];
      if (policy === undefined || requestedKhz === undefined || model.memoryOf(policy).isBlurred) continue;
      const { khz } = world.kernel.speedOf(policy);
      if (khz !== requestedKhz && !isOutside(policy, requestedKhz))
        return `CPU ${pcpu} is at ${khz} kHz, and operators are told ${requestedKhz}`;
    }
    return undefined;
  },
};

function listOf(seen: Seen, method: string, member: string): readonly unknown[] {
  const reply = seen[method] as Readonly<Record<string, unknown>> | undefined;
  return (reply?.[member] as readonly unknown[] | undefined) ?? [];
}

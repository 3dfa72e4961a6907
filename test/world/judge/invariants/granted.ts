import type { Invariant } from "../invariant.ts";
import { differs } from "../policies.ts";

export const granted: Invariant = {
  name: "granted",
  says: "ACK means that the kernel holds it, and what nothing forbids is granted",
  answered(world, { vm }, { vcpu, action, policy }, accepted) {
    const { model } = world.judge;
    if (policy !== undefined && !accepted)
      return world.isFair && policy.vcpus.every((one) => model.mustGrant(vm, one, "policy"))
        ? `a policy of ${vm.name} was refused, and nothing stands in its way`
        : undefined;
    if (action === undefined) return undefined;
    if (accepted && !model.mayGrant(vm, action))
      return `ACK for "${action}" of ${vm.name}, which it may not ask for`;
    if (!accepted)
      return world.isFair && model.mustGrant(vm, vcpu, action)
        ? `${vm.name} was refused "${action}" for vCPU ${vcpu}, and nothing stands in its way`
        : undefined;
    if (!world.service.isRunning) return undefined;
    for (const cpu of vm.pins[vcpu] ?? []) {
      const policy = world.kernel.policyOf[cpu];
      const why = policy === undefined ? undefined : differs(world, policy);
      if (why !== undefined) return `ACK for "${action}" of ${vm.name}:${vcpu}, but ${why}`;
    }
    return undefined;
  },
};

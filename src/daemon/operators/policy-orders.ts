import type { Caller } from "../../admin/caller.ts";
import { type Control, ControlError } from "../../admin/control.ts";
import type { AddedPolicy, Policy } from "../../admin/control-types.ts";
import { ruleOfCall } from "../called-policy.ts";
import type { Parts } from "../parts.ts";
import { refusalRemedy, refusalText } from "../words/refusal-text.ts";
import { operatorName } from "./operator-acts.ts";
import { policyView } from "./policy-views.ts";
import { knownVm } from "./vm-views.ts";

type Orders = Pick<Control, "ListPolicies" | "AddPolicy" | "RemovePolicy">;

/** The methods for guest policies. */
export function policyOrders(parts: () => Parts): Orders {
  return {
    ListPolicies({ vm }) {
      const { arbiter } = parts();
      if (vm !== undefined) knownVm(vm, parts());
      return { policies: arbiter.policies.list(vm).map(policyView) };
    },
    AddPolicy: (call, caller) => addPolicy(call, caller, parts()),
    RemovePolicy({ vm, id }, caller) {
      const { acts, arbiter, clocks } = parts();
      knownVm(vm, parts());
      const removed = arbiter.policies
        .list(vm)
        .map((policy) => policy.id)
        .filter((each) => id === undefined || each === id);
      if (id !== undefined && removed.length === 0)
        throw new ControlError("Refused", {
          reason: `VM ${vm} has no policy ${id}`,
          remedy: `vmpowerctl policy list ${vm} lists them`,
        });
      for (const each of removed)
        clocks.settle(arbiter.policies.remove(vm, each), `the removal of a policy of ${vm}`);
      acts.report(caller, `removed ${removed.length} policies of ${vm}`, { vm });
      return { removed };
    },
  };
}

async function addPolicy(call: AddedPolicy, caller: Caller, parts: Parts): Promise<{ policy: Policy }> {
  const { acts, arbiter, clocks, hypervisor, moment, traffic } = parts;
  const vm = knownVm(call.vm, parts);
  if (call.vcpuNumbers.length === 0) wrong("vcpuNumbers");
  const by = operatorName(caller);
  const order = { rule: ruleOfCall(call, wrong), resources: call.vcpuNumbers, physical: false, by };
  const change = arbiter.policies.set(vm, order, moment());
  const refused = await clocks.perform(change);
  const refusal = refused === undefined ? change.refusal : ({ code: "kernel-refused", ...refused } as const);
  if (refusal !== undefined)
    throw new ControlError("Refused", {
      reason: `VM ${vm} cannot have this policy, because ${refusalText(refusal)}`,
      remedy: refusalRemedy(refusal, vm, (name, vcpu) => hypervisor.remedies.pin(name, vcpu)),
    });
  traffic.consider();
  acts.report(caller, `added a policy by ${call.kind} for ${vm}`, { vm });
  const [newest] = arbiter.policies.list(vm);
  if (newest === undefined) throw new ControlError("Refused", { reason: `VM ${vm} has just ended` });
  return { policy: policyView(newest) };
}

function wrong(parameter: string): never {
  throw new ControlError("InvalidParameter", { parameter });
}

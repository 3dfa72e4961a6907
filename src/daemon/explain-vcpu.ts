import { ControlError } from "../admin/control.ts";
import type { ClockExplanation, VcpuExplanation, Vm } from "../admin/control-types.ts";
import { explainClaim } from "../arbiter/explain.ts";
import type { Pcpu, Vcpu } from "../base/domain.ts";
import type { Parts } from "./control.ts";
import { cpuView, explanationView } from "./views.ts";

/** CPUs that an unpinned vCPU is explained on; on all of a large host nobody reads it. */
const CLOCKS_MAX = 16;

/** Why a vCPU gets what it gets. */
export function explainVcpu(shown: Vm, number: Vcpu, parts: Parts): VcpuExplanation {
  const { name: vm, state, detail, added, contract } = shown;
  const vcpu = shown.vcpus.find((each) => each.vcpu === number);
  if (vcpu === undefined) throw new ControlError("NoSuchVcpu", { vm, vcpu: number });
  const firsts = Map.groupBy(vcpu.pcpus, (pcpu) => parts.arbiter.clockOf(pcpu)?.clock.id ?? pcpu);
  const clocks = [...firsts.values()]
    .slice(0, CLOCKS_MAX)
    .flatMap(([pcpu]) => (pcpu === undefined ? [] : explainClock(vm, number, { pcpu, parts })));
  return { vm, state, detail, added, contract, vcpu, clocks };
}

function explainClock(
  vm: string,
  vcpu: Vcpu,
  { pcpu, parts }: { readonly pcpu: Pcpu; readonly parts: Parts },
): ClockExplanation[] {
  const { arbiter, clocks, cpufreq } = parts;
  const cpu = cpuView(pcpu, arbiter, cpufreq);
  if (cpu === undefined) return [];
  const clock = arbiter.clockOf(pcpu);
  const claimant = arbiter.domains.get(vm)?.vcpus[vcpu];
  const claim = claimant?.claims.find((each) => each.clock === clock);
  const rule =
    claim === undefined
      ? (claimant?.problem?.reason ?? cpu.reason ?? "its VM is not served")
      : explainClaim(claim);
  return [{ ...explanationView(cpu, clock, clocks.drifts), rule }];
}

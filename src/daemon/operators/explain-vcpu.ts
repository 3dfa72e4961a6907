import { ControlError } from "../../admin/control.ts";
import type { ClockExplanation, VcpuExplanation } from "../../admin/control-types.ts";
import type { Pcpu, Vcpu } from "../../base/domain.ts";
import type { Parts } from "../parts.ts";
import { refusalText } from "../words/refusal-text.ts";
import { ruleText } from "../words/rule-text.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { cpuView, explanationView } from "./views.ts";
import { showVm } from "./vm-views.ts";

/** The most CPUs on which an unpinned vCPU is explained. */
const CLOCKS_MAX = 16;

/** Explains the speed of a vCPU. */
export function* explainVcpu(vm: string, number: Vcpu, parts: Parts): Job<VcpuExplanation> {
  const shown = yield* showVm(vm, parts);
  const { state, detail, added, contract } = shown;
  const vcpu = shown.vcpus.find((each) => each.vcpu === number);
  if (vcpu === undefined) throw new ControlError("NoSuchVcpu", { vm, vcpu: number });
  const firsts = Map.groupBy(vcpu.pcpus, (pcpu) => parts.arbiter.setting(pcpu)?.clock.id ?? pcpu);
  const clocks = yield* eachStep([...firsts.values()].slice(0, CLOCKS_MAX), ([pcpu]) =>
    pcpu === undefined ? [] : explainClock(vm, number, { pcpu, parts }),
  );
  return { vm, state, detail, added, contract, vcpu, clocks: clocks.flat() };
}

function explainClock(
  vm: string,
  vcpu: Vcpu,
  { pcpu, parts }: { readonly pcpu: Pcpu; readonly parts: Parts },
): ClockExplanation[] {
  const { arbiter, clocks } = parts;
  const cpu = cpuView(pcpu, parts);
  if (cpu === undefined) return [];
  const found = arbiter.clock(pcpu);
  const seen = arbiter.vcpu(vm, vcpu);
  const claim = seen?.clocks.find(({ clock }) => clock === found?.clock.id);
  const problem = seen?.problem && refusalText(seen.problem);
  const rule = claim === undefined ? (problem ?? cpu.reason ?? "its VM is not served") : ruleText(claim.rule);
  return [{ ...explanationView(cpu, found, clocks.drifts), rule }];
}

import type { Vcpu, VcpuExplanation } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { formatTime, printable } from "../../terminal/text.ts";
import { wrapLine } from "../../terminal/wrap.ts";
import { contractText } from "../verbs/vm.ts";
import { FACT_INDENT, fact, type Look, whyText } from "./clock-text.ts";

/** Describes a vCPU, what it asked for, and each clock that it may run on. */
export function whyVcpuText(explanation: VcpuExplanation, look: Look): string {
  const clocks = explanation.clocks.map((clock) => whyText(clock, look));
  return [vcpuFacts(explanation, look), ...clocks].join("\n\n");
}

/** Describes a vCPU and what it asked for, without its clocks. */
export function vcpuFacts(explanation: VcpuExplanation, look: Look): string {
  const { vm, state, detail, added, contract, vcpu, clocks } = explanation;
  const { style, width } = look;
  const { claim, problem, pcpus } = vcpu;
  const wants =
    claim === undefined ? "wants nothing" : `wants ${formatKhz(claim.khz)}${claim.turbo ? ", turbo" : ""}`;
  const where = pcpus.length === 0 ? "it is offline" : `on CPU ${formatCpuList(pcpus)}`;
  const served = added ? "served" : "not served: vmpowerctl add-vm";
  const facts: [string, string][] = [
    ["VM", `${state}${detail === "" ? "" : ` (${detail})`}, ${served}`],
    ["May ask", contractText(contract)],
    ...askedFacts(vcpu),
    ...(problem === undefined ? [] : ([["Problem", problem]] as [string, string][])),
    ...clocks.map(({ cpu, rule }): [string, string] => [
      "Rule",
      clocks.length === 1 ? rule : `CPU ${formatCpuList(cpu.clock)}: ${rule}`,
    ]),
  ];
  const lines = facts.map(([name, value]) => wrapLine(fact(style, name, [value]), width, FACT_INDENT));
  const head = `${style.bold(`${printable(vm)}:${vcpu.vcpu}`)} ${wants}, ${where}`;
  return [head, ...lines].join("\n");
}

function askedFacts({ claim, refused }: Vcpu): [string, string][] {
  const asked: [string, string] =
    claim === undefined
      ? ["Asked", "nothing that holds"]
      : ["Asked", `${formatTime(claim.atMs)} ${claim.asked}`];
  if (refused === undefined) return [asked];
  const { atMs, reason, remedy } = refused;
  const why = remedy === undefined ? reason : `${reason} (${remedy})`;
  return [asked, ["Refused", `${formatTime(atMs)} ${refused.asked}: ${why}`]];
}

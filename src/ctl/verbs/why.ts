import type { Explanation } from "../../admin/control.ts";
import type { Claimant, Decision } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatKhz, formatTime, printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpuArgument } from "../arguments.ts";
import type { Verb } from "../verb.ts";
import { settingText } from "./cpu.ts";

/** `why`: who asked what, what was granted, and which rule bounded it. */
export const WHY: Verb = {
  name: "why",
  summary: "Explain why a CPU runs as it does",
  arguments: [{ name: "cpu", required: true, doc: "a CPU like 7 or cpu7", kind: "cpu" }],
  examples: [["why cpu7", "who asked what, and what was granted"]],
  async run({ call, show, style, io }, { arguments: [cpu = ""] }) {
    const reply = await call("Explain", { cpu: cpuArgument(cpu) });
    show(reply, () => whyText(reply, style, textWidth(io)));
    return EXIT.ok;
  },
};

const COLUMNS: readonly Column[] = [
  { head: "WHO", flexible: true },
  { head: "VCPU", align: "right" },
  { head: "WANTS" },
];

function whyText({ cpu, claimants, last }: Explanation, style: Style, width: number): string {
  const now = cpu.currentKhz === undefined ? "" : ` runs at ${formatKhz(cpu.currentKhz)},`;
  const set = cpu.managed
    ? `set to ${settingText(cpu)}, turbo ${cpu.turbo ? "on" : "off"}`
    : `is not managed: ${printable(cpu.reason ?? "?")}`;
  const facts = [
    `${style.bold(`CPU ${cpu.pcpu}`)}${now} ${set}`,
    fact(style, "Clock", [formatCpuList(cpu.clock), cpu.driver, cpu.governor]),
    ...decisionFacts(last, style),
  ];
  if (claimants.length === 0) return [...facts, "", "Nobody on this clock wants anything"].join("\n");
  return [...facts, "", drawTable(COLUMNS, claimants.map(claimantRow), width)].join("\n");
}

function decisionFacts(last: Decision | undefined, style: Style): string[] {
  if (last === undefined) return [fact(style, "Last", ["nobody asked yet"])];
  const who = last.vcpu === undefined ? last.by : `${last.by} vCPU ${last.vcpu}`;
  const granted = last.khz === undefined ? last.granted : formatKhz(last.khz);
  const answer = last.accepted === undefined ? [] : [last.accepted ? "ACK" : style.bad("NACK")];
  return [
    fact(style, "Last", [`${formatTime(last.atMs)} ${printable(who)} asked ${printable(last.asked)}`]),
    `  ${style.dim("Granted".padEnd(8))} ${[printable(granted), ...answer].join(", ")}`,
    fact(style, "Rule", [last.rule]),
  ];
}

function fact(style: Style, name: string, values: readonly (string | undefined)[]): string {
  const known = values.filter((value) => value !== undefined).map(printable);
  return `  ${style.dim(name.padEnd(8))} ${known.join(", ")}`;
}

function claimantRow({ by, vcpu, wants, khz }: Claimant): string[] {
  return [printable(by), vcpu === undefined ? "-" : `${vcpu}`, wantsText(wants, khz)];
}

function wantsText(wants: string, khz: number | undefined): string {
  if (khz === undefined) return printable(wants);
  return wants === `${khz}` ? formatKhz(khz) : `${printable(wants)} (${formatKhz(khz)})`;
}

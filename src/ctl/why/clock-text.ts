import type { Claimant, Cpu, Decision, Drift, Explanation } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { formatRange, formatTime, printable } from "../../terminal/text.ts";
import { wrapLine } from "../../terminal/wrap.ts";
import { changesText, statesText } from "../times-text.ts";
import { settingText } from "../verbs/cpu.ts";

/** The style and width of the text. */
export interface Look {
  readonly style: Style;
  readonly width: number;
}

/** The column in which values begin. */
export const FACT_INDENT = 11;

const COLUMNS: readonly Column[] = [
  { head: "WHO", flexible: true },
  { head: "VCPU", align: "right" },
  { head: "WANTS" },
];

/** Describes a clock. */
export function whyText(explanation: Explanation, { style, width }: Look): string {
  const { cpu, claimants, last, drift } = explanation;
  const now = cpu.currentKhz === undefined ? "" : ` runs at ${formatKhz(cpu.currentKhz)},`;
  const set = cpu.managed
    ? `set to ${settingText(cpu)}, turbo ${cpu.turbo ? "on" : "off"}`
    : `is not managed: ${printable(cpu.reason ?? "?")}`;
  const facts: string[] = [
    `${style.bold(`CPU ${cpu.pcpu}`)}${now} ${set}`,
    fact(style, "Clock", [formatCpuList(cpu.clock), cpu.driver]),
    ...decisionFacts(last, style),
    ...kernelFacts(cpu, drift, { style, width }),
    ...parkingFacts(explanation, { style, width }),
    ...timesFacts(explanation, { style, width }),
  ];
  if (claimants.length === 0) return [...facts, "", "There is no claim on this clock"].join("\n");
  return [...facts, "", drawTable(COLUMNS, claimants.map(claimantRow), width)].join("\n");
}

/** Whether it is parked, or by which VMs it is used. */
function parkingFacts({ cpu: { parked }, usedBy = [] }: Explanation, { style, width }: Look): string[] {
  if (parked !== undefined) return [fact(style, "Parked", [`to ${parked}: no VM may run here`])];
  if (usedBy.length === 0) return [];
  return [wrapLine(fact(style, "Used by", [`${usedBy.join(", ")}: not parked`]), width, FACT_INDENT)];
}

/** Where its time went, and how often it was set. */
function timesFacts({ times }: Explanation, { style, width }: Look): string[] {
  if (times === undefined) return [];
  return [
    wrapLine(fact(style, "Time", [statesText(times)]), width, FACT_INDENT),
    wrapLine(fact(style, "Changes", [changesText(times)]), width, FACT_INDENT),
  ];
}

/** The kernel's speed now, and the last change by another program. */
function kernelFacts(cpu: Cpu, drift: Drift | undefined, { style, width }: Look): string[] {
  const limits = formatRange(cpu.minKhz, cpu.maxKhz);
  const lines = cpu.managed ? [fact(style, "Kernel", [cpu.governor, `limits ${limits}`])] : [];
  const { knobs = [], knobsMissing = [] } = cpu;
  const knobsText = [...knobs, ...knobsMissing.map((why) => `not ${why}`)];
  if (knobsText.length > 0) lines.push(wrapLine(fact(style, "Knobs", knobsText), width, FACT_INDENT));
  if (drift === undefined) return lines;
  const { atMs, file, ours, found, outcome } = drift;
  const change = `${formatTime(atMs)} another program set ${file} from ${ours} to ${found}: ${OUTCOMES[outcome]}`;
  return [...lines, wrapLine(fact(style, "Drift", [change]), width, FACT_INDENT)];
}

const OUTCOMES: Readonly<Record<Drift["outcome"], string>> = {
  reasserted: "it was written again",
  yielded: "it is left as it is",
  failed: "it could not be written again",
};

function decisionFacts(last: Decision | undefined, style: Style): string[] {
  if (last === undefined) return [fact(style, "Last", ["nobody asked yet"])];
  const who = last.vcpu === undefined ? last.by : `${last.by} vCPU ${last.vcpu}`;
  const granted = last.khz === undefined ? last.granted : formatKhz(last.khz);
  const answer = answerText(last, style);
  return [
    fact(style, "Last", [`${formatTime(last.atMs)} ${printable(who)} asked ${printable(last.asked)}`]),
    `  ${style.dim("Granted".padEnd(8))} ${printable(granted)}${answer === "" ? "" : `, ${answer}`}`,
    fact(style, "Rule", [last.rule]),
  ];
}

/** How the request was answered: with ACK or NACK to a guest. For an operator only a refusal is shown. */
function answerText({ vcpu, accepted }: Decision, style: Style): string {
  if (accepted === undefined) return "";
  if (vcpu === undefined) return accepted ? "" : style.bad("refused");
  return accepted ? "ACK" : style.bad("NACK");
}

/** Formats one line below a head: `  Rule     as asked`. */
export function fact(style: Style, name: string, values: readonly (string | undefined)[]): string {
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

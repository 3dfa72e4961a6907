import type { Claimant, Cpu, Decision, Drift, Explanation, VcpuExplanation } from "../admin/control-types.ts";
import { formatCpuList } from "../base/cpu-list.ts";
import { formatKhz } from "../base/format-khz.ts";
import { formatRange, formatTimeOfDay } from "../terminal/text.ts";
import { settingText } from "./tile.ts";

/** One line of an explanation. */
type Fact = readonly [name: string, value: string];

/** Why a CPU or a vCPU has its speed. */
export interface Reasons {
  readonly facts: readonly Fact[];
  /** For each clock: those who share it, and what each of them wants. */
  readonly clocks: readonly ClockReasons[];
}

interface ClockReasons {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly claimants: readonly Fact[];
}

/** Explains a CPU. */
export function reasonsOfCpu(explanation: Explanation): Reasons {
  const { usedBy = [] } = explanation;
  const users: Fact[] = usedBy.length === 0 ? [] : [["Used by", usedBy.join(", ")]];
  return { facts: users, clocks: [clockReasons(explanation, explanation.last?.rule)] };
}

/** Explains a vCPU. */
export function reasonsOfVcpu(explanation: VcpuExplanation): Reasons {
  const { state, detail, added, vcpu, clocks } = explanation;
  const { claim, refused, problem, pcpus } = vcpu;
  const facts: Fact[] = [
    ["Wants", claim === undefined ? "nothing" : `${formatKhz(claim.khz)}${claim.turbo ? ", turbo" : ""}`],
    ...(claim === undefined ? [] : [["Asked", `${claim.asked} at ${formatTimeOfDay(claim.atMs)}`] as const]),
    ["Runs on", pcpus.length === 0 ? "no CPU: it is offline" : `CPU ${formatCpuList(pcpus)}`],
    ["VM", `${state}${detail === "" ? "" : ` (${detail})`}${added ? "" : ", not served"}`],
    ...(problem === undefined ? [] : [["Problem", problem] as const]),
    ...(refused === undefined
      ? []
      : [["Refused", `${refused.asked} at ${formatTimeOfDay(refused.atMs)}: ${refused.reason}`] as const]),
    ...(refused?.remedy === undefined ? [] : [["Remedy", refused.remedy] as const]),
  ];
  return { facts, clocks: clocks.map((clock) => clockReasons(clock, clock.rule)) };
}

type Clock = Pick<Explanation, "cpu" | "claimants" | "last" | "drift">;

function clockReasons({ cpu, claimants, last, drift }: Clock, rule: string | undefined): ClockReasons {
  return {
    title: `Clock of CPU ${formatCpuList(cpu.clock)}`,
    facts: [
      ["Real", cpu.currentKhz === undefined ? "not known" : formatKhz(cpu.currentKhz)],
      ["Set", cpu.requestedKhz === undefined ? settingText(cpu) : formatKhz(cpu.requestedKhz)],
      ...(rule === undefined ? [] : [["Rule", rule] as const]),
      ...lastFacts(last),
      ...kernelFacts(cpu),
      ...driftFacts(drift),
    ],
    claimants: claimants.map(claimantFact),
  };
}

function lastFacts(last: Decision | undefined): Fact[] {
  if (last === undefined) return [["Last", "nobody asked yet"]];
  const who = last.vcpu === undefined ? last.by : `${last.by}:${last.vcpu}`;
  const granted = last.khz === undefined ? last.granted : formatKhz(last.khz);
  const answer = last.accepted === false ? ", refused" : "";
  return [
    ["Last", `${who} asked ${last.asked} at ${formatTimeOfDay(last.atMs)}`],
    ["Granted", `${granted}${answer}`],
  ];
}

function kernelFacts({
  driver,
  governor,
  minKhz,
  maxKhz,
  managed,
  knobs = [],
  knobsMissing = [],
}: Cpu): Fact[] {
  if (!managed) return [];
  const known = [driver, governor, `limits ${formatRange(minKhz, maxKhz)}`].filter(
    (each) => each !== undefined,
  );
  const beside = [...knobs, ...knobsMissing.map((why) => `not ${why}`)];
  return [
    ["Kernel", known.join(", ")],
    ...(beside.length === 0 ? [] : [["Knobs", beside.join(", ")] as const]),
  ];
}

const OUTCOMES: Readonly<Record<Drift["outcome"], string>> = {
  reasserted: "it was written again",
  yielded: "it is left as it is",
  failed: "it could not be written again",
};

function driftFacts(drift: Drift | undefined): Fact[] {
  if (drift === undefined) return [];
  const { atMs, file, ours, found, outcome } = drift;
  const change = `another program set ${file} from ${ours} to ${found}: ${OUTCOMES[outcome]}`;
  return [["Drift", `${formatTimeOfDay(atMs)} ${change}`]];
}

function claimantFact({ by, vcpu, wants, khz }: Claimant): Fact {
  const who = vcpu === undefined ? by : `${by}:${vcpu}`;
  if (khz === undefined) return [who, wants];
  return [who, wants === `${khz}` ? formatKhz(khz) : `${wants} (${formatKhz(khz)})`];
}

import { count, formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { sourceText } from "../energy-text.ts";
import type { Report } from "./report.ts";

/** What may be missing at the beginning of the time before it is worth a note: an hour of the account, three samples. */
const LATE_ENERGY_MS = 3_600_000;
const LATE_SAMPLES_MS = 1_800_000;

/** What the report says of its sources, and what they cannot tell. Each is a sentence. */
export function reportNotes(report: Report): string[] {
  return [...energyNotes(report), ...usageNotes(report), ...driftNotes(report)];
}

function energyNotes({ energy, noEnergy, fromMs }: Report): string[] {
  if (energy === undefined) return [`Energy is not known: ${printable(noEnergy)}.`];
  const { savedUnknown, problem } = energy;
  return [
    `Energy is ${sourceText(energy)}.`,
    ...(savedUnknown === undefined
      ? ["The interval behind what was saved contains the truth in 95 of 100 cases."]
      : []),
    ...(energy.fromMs - fromMs > LATE_ENERGY_MS
      ? [`Energy before ${formatTime(energy.fromMs)} is not known: the account begins then.`]
      : []),
    ...(savedUnknown === undefined ? [] : [`What was saved is not known: ${printable(savedUnknown)}.`]),
    ...(problem === undefined ? [] : [`A meter is not used: ${printable(problem)}.`]),
  ];
}

function usageNotes({ usage, fromMs, toMs }: Report): string[] {
  const { keptFromMs, omitted, points } = usage;
  if (points.length === 0) {
    const why =
      keptFromMs === undefined
        ? "nothing is remembered yet, or HistoryMegabytes=0"
        : `samples begin at ${formatTime(keptFromMs)}`;
    return [`Requests, times and latencies of this time are not known: ${why}.`];
  }
  const begin = Math.max(fromMs, usage.fromMs);
  const pointMs = (points[0]?.toMs ?? 0) - (points[0]?.fromMs ?? 0);
  const missingMs = Math.min(toMs, usage.toMs) - begin - points.length * pointMs;
  return [
    ...(omitted > 0
      ? [`The oldest ${count(omitted, "sample")} of this time are left out: ask for a shorter one.`]
      : []),
    ...(begin - fromMs > LATE_SAMPLES_MS
      ? [`Requests, times and latencies before ${formatTime(begin)} are not known: samples begin then.`]
      : []),
    ...(missingMs > pointMs
      ? [
          `Of about ${formatDuration(missingMs)} there are no samples: the daemon did not run, or had nothing to do.`,
        ]
      : []),
    "Time and changes are those of the speeds that the daemon set. One packet in eight is measured.",
  ];
}

function driftNotes({ drifts, fromMs, usage }: Report): string[] {
  const { keptFromMs, omitted } = drifts;
  if (usage.host.drifts === 0) return [];
  if (keptFromMs === undefined)
    return ["Changes by other programs are only counted: events are not remembered."];
  return [
    ...(keptFromMs - fromMs > LATE_ENERGY_MS
      ? [
          `Changes by other programs before ${formatTime(keptFromMs)} are only counted: events are remembered since then.`,
        ]
      : []),
    ...(omitted > 0 ? [`${count(omitted, "older change")} by other programs are left out.`] : []),
  ];
}

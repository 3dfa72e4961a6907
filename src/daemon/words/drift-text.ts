import type { Drift } from "../../cpufreq/cpufreq.ts";

const DONE: Readonly<Record<Drift["outcome"], string>> = {
  reasserted: "it was written again",
  yielded: "it is left as it is",
  failed: "it could not be written again",
};

/** A change by another program, and what was done about it. */
export function driftText({ clock, file, ours, found, outcome }: Drift): string {
  return `CPU ${clock}: "${file}" was changed from "${ours}" to "${found}" by another program: ${DONE[outcome]}`;
}

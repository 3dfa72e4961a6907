import { type Course, drive, type Outcome } from "./drive.ts";
import type { Planned } from "./replay.ts";

/** The most runs that shrinking takes. */
const RUNS_MAX = 300;

/**
 * Leaves out of a failing run what it does not need, in ever smaller parts, as long as the same invariant fails. Returns
 * what is left.
 */
export function shrink(course: Course, failed: Outcome, cpuMs: number): readonly Planned[] {
  let left = failed.happened;
  let runs = 0;
  const endMs = process.cpuUsage().user / 1000 + cpuMs;
  const isOver = () => runs >= RUNS_MAX || process.cpuUsage().user / 1000 > endMs;
  const fails = (plan: readonly Planned[]) => {
    runs++;
    const untilMs = (failed.violation?.atMs ?? course.untilMs) + 1;
    return drive({ ...course, untilMs, plan }).violation?.invariant === failed.violation?.invariant;
  };
  for (let parts = 2; parts <= left.length * 2 && !isOver(); ) {
    const size = Math.ceil(left.length / parts);
    let isSmaller = false;
    for (let at = left.length - size; at > -size && !isOver(); at -= size) {
      const rest = [...left.slice(0, Math.max(0, at)), ...left.slice(at + size)];
      if (rest.length === left.length || !fails(rest)) continue;
      left = rest;
      isSmaller = true;
    }
    if (size === 1 && !isSmaller) break;
    parts = isSmaller ? Math.max(2, parts) : parts * 2;
  }
  return left;
}

import type { ScaleAction } from "../../wire/packet.ts";

/** How busy a vCPU should be, and how quickly that is followed. */
export interface Aim {
  readonly targetPercent: number;
  readonly deadBandPercent: number;
  /** Time to stay with a speed before asking for a lower one. */
  readonly cooldownMs: number;
}

/** Where a vCPU stands, as far as its guest can know. */
export interface Standing {
  /** The end of the table that it is at, if it is known to be. */
  readonly at: "max" | "min" | undefined;
  /** Steps up (above 0) or down in a row: past the length of any table there is an end. */
  readonly steps: number;
  readonly askedAtMs: number;
}

/** What to ask for now, and where the vCPU stands once that is granted. */
export interface Wish {
  readonly ask: ScaleAction;
  readonly granted: Standing;
}

/** Nobody has asked yet. */
export const UNKNOWN: Standing = { at: undefined, steps: 0, askedAtMs: Number.NEGATIVE_INFINITY };

/** A vCPU that is so busy does not tell how busy it would like to be. */
const SATURATED_PERCENT = 97;
const IDLE_PERCENT = 3;

/** The longest table of speeds has so many steps. */
const STEPS_MAX = 63;

/** How often an end of the table is asked for again: a host that was restarted has forgotten it. */
const AGAIN_MS = 30_000;

/** Decides for one vCPU; undefined: all is well. Up at once, down only after a while. */
export function decide(busyPercent: number, nowMs: number, standing: Standing, aim: Aim): Wish | undefined {
  const { targetPercent, deadBandPercent, cooldownMs } = aim;
  const sinceMs = nowMs - standing.askedAtMs;
  if (busyPercent >= SATURATED_PERCENT) return end("max", standing, nowMs);
  if (busyPercent > targetPercent + deadBandPercent) {
    if (standing.at === "max") return end("max", standing, nowMs);
    const steps = Math.max(standing.steps, 0) + 1;
    return steps > STEPS_MAX
      ? end("max", standing, nowMs)
      : { ask: "up", granted: { at: undefined, steps, askedAtMs: nowMs } };
  }
  if (busyPercent >= targetPercent - deadBandPercent || sinceMs < cooldownMs) return undefined;
  if (busyPercent <= IDLE_PERCENT || standing.at === "min") return end("min", standing, nowMs);
  const steps = Math.min(standing.steps, 0) - 1;
  return steps < -STEPS_MAX
    ? end("min", standing, nowMs)
    : { ask: "down", granted: { at: undefined, steps, askedAtMs: nowMs } };
}

function end(at: "max" | "min", standing: Standing, nowMs: number): Wish | undefined {
  if (standing.at === at && nowMs - standing.askedAtMs < AGAIN_MS) return undefined;
  return { ask: at, granted: { at, steps: 0, askedAtMs: nowMs } };
}

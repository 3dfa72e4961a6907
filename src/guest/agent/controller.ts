import type { ScaleAction } from "../../wire/packet.ts";

/** How busy a vCPU should be, and how fast to react. */
export interface Aim {
  readonly targetPercent: number;
  readonly deadBandPercent: number;
  /** How long to keep a speed before asking for a lower one, in ms. */
  readonly cooldownMs: number;
}

/** The state of a vCPU, as far as its guest can know it. */
export interface Standing {
  /** The end of the table that it has reached, if known. */
  readonly at: "max" | "min" | undefined;
  /** Steps up (above 0) or down in a row. After more steps than any table has, an end is reached. */
  readonly steps: number;
  readonly askedAtMs: number;
}

/** What to ask for now, and the state after it is granted. */
export interface Wish {
  readonly ask: ScaleAction;
  readonly granted: Standing;
}

/** The state before the first request. */
export const UNKNOWN: Standing = { at: undefined, steps: 0, askedAtMs: Number.NEGATIVE_INFINITY };

/** A vCPU that is this busy may need much more speed than the percentage shows. */
const SATURATED_PERCENT = 97;
const IDLE_PERCENT = 3;

/** The most entries of a table of speeds. */
const STEPS_MAX = 63;

/** How often a reached end is asked for again, in ms, because a restarted host has forgotten it. */
const AGAIN_MS = 30_000;

/** Decides for one vCPU; undefined if nothing needs to change. It goes up at once, and down only after a while. */
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

import type { Now } from "../base/now.ts";
import { monotonicUs } from "../os/clock-time.ts";
import type { BootNow } from "./lifecycle/handover.ts";

/** The time of the current turn of the event loop. */
export type TurnClock = () => Now;

/**
 * Reads the host's clocks once per turn, so that everything in a turn happens at one time. Calls back at every turn, with
 * the monotonic clock.
 */
export function turnClock(turned: (monoMs: number) => void = () => {}): TurnClock {
  let now: Now | undefined;
  const forget = () => {
    now = undefined;
  };
  return () => {
    if (now === undefined) {
      now = { monoMs: performance.now(), wallMs: Date.now() };
      queueMicrotask(forget);
      turned(now.monoMs);
    }
    return now;
  };
}

/** A time that the previous and the next daemon can compare. */
export function bootNow(): BootNow {
  return { wallMs: Date.now(), bootMs: Number(monotonicUs() / 1000n) };
}

import type { Now } from "../base/now.ts";
import { monotonicUs } from "../os/monotonic.ts";
import type { BootNow } from "./lifecycle/handover.ts";

/** The time of the present turn of the event loop. */
export type TurnClock = () => Now;

/** Reads the host's clocks once per turn; everything that happens in a turn happens at one time. */
export function turnClock(): TurnClock {
  let now: Now | undefined;
  const forget = () => {
    now = undefined;
  };
  return () => {
    if (now === undefined) {
      now = { monoMs: performance.now(), wallMs: Date.now() };
      queueMicrotask(forget);
    }
    return now;
  };
}

/** The time as the daemon before and the one after know it, too. */
export function bootNow(): BootNow {
  return { wallMs: Date.now(), bootMs: Number(monotonicUs() / 1000n) };
}

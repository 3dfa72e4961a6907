import { Alarm } from "../../src/daemon/alarm.ts";
import type { LimitedLog } from "../../src/daemon/limited-log.ts";
import { LocalHours, policyClock } from "../../src/daemon/local-hours.ts";
import { turnClock } from "../../src/daemon/turn-clock.ts";

/** A time that both clocks show with the same number. */
export function at(ms: number) {
  return { monoMs: ms, wallMs: ms };
}

/** The host's time, with an alarm. */
export function realTime() {
  const time = turnClock();
  return { time, alarm: new Alarm(time), moment: policyClock(time, new LocalHours(() => "UTC")) };
}

/** Keeps every line, limited or not. */
export function keepLines(lines: string[]): LimitedLog {
  return (_about, _level, line) => void lines.push(line().message);
}

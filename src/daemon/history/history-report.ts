import type { Event, HistoryChoice, History as Report } from "../../admin/control-types.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";
import { readLines } from "./read-lines.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The most events of one answer: the newest. */
const EVENTS_MAX = 2000;

/** What happened between two times, the oldest first. */
export function* historyReport(
  choice: HistoryChoice,
  { history, time }: Pick<Parts, "history" | "time">,
): Job<Report> {
  const toMs = choice.toMs ?? time().wallMs;
  const { vm, kinds, fromMs = toMs - DAY_MS } = choice;
  history?.flush({ all: true });
  const events: Event[] = [];
  let omitted = 0;
  const keptFromMs = yield* readLines(history?.texts() ?? [], { fromMs, toMs }, (line) => {
    const event = readEvent(line);
    if (event === undefined || !isAbout(event, vm) || kinds?.includes(event.kind) === false) return;
    events.push(event);
    if (events.length > 2 * EVENTS_MAX) omitted += events.splice(0, EVENTS_MAX).length;
  });
  // A clock that is set often has its line later than other events of that time.
  events.sort((a, b) => a.atMs - b.atMs);
  omitted += events.splice(0, Math.max(0, events.length - EVENTS_MAX)).length;
  return { events, omitted, keptFromMs };
}

function isAbout({ vm, users = [] }: Event, asked: string | undefined): boolean {
  return asked === undefined || vm === asked || users.some((user) => user.startsWith(`${asked}:`));
}

/** An event as it was written; undefined for a torn line, or one that somebody else wrote. */
function readEvent(line: string): Event | undefined {
  try {
    const event: unknown = JSON.parse(line);
    if (!isRecord(event) || typeof event["kind"] !== "string" || typeof event["message"] !== "string")
      return undefined;
    return { ...(event as unknown as Event), atMs: Math.round(Number(event["atMs"])) };
  } catch {
    return undefined;
  }
}

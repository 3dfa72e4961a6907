import type { Event, HistoryChoice, History as Report } from "../../admin/control-types.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The most events of one answer: the newest. */
const EVENTS_MAX = 2000;

/** Characters that are looked at in one step. */
const STEP_CHARS = 16 * 1024;

/** Every line begins with its time, so that most need not be parsed. */
const BEGIN = /^\{"atMs":(\d{1,16})[,}]/;

/** What happened between two times, the oldest first. */
export function* historyReport(choice: HistoryChoice, { history, time }: Parts): Job<Report> {
  const toMs = choice.toMs ?? time().wallMs;
  const { vm, fromMs = toMs - DAY_MS } = choice;
  history?.flush({ all: true });
  const events: Event[] = [];
  let omitted = 0;
  let keptFromMs: number | undefined;
  for (const text of history?.texts() ?? []) {
    yield;
    for (const lines of pieces(text)) {
      yield;
      for (const line of lines) {
        const atMs = Number(BEGIN.exec(line)?.[1] ?? Number.NaN);
        if (Number.isNaN(atMs)) continue;
        keptFromMs = Math.min(keptFromMs ?? atMs, atMs);
        const event = atMs >= fromMs && atMs <= toMs ? readEvent(line) : undefined;
        if (event === undefined || !isAbout(event, vm)) continue;
        events.push(event);
        if (events.length > 2 * EVENTS_MAX) omitted += events.splice(0, EVENTS_MAX).length;
      }
    }
  }
  // A clock that is set often has its line later than other events of that time.
  events.sort((a, b) => a.atMs - b.atMs);
  omitted += events.splice(0, Math.max(0, events.length - EVENTS_MAX)).length;
  return { events, omitted, keptFromMs };
}

/** Cuts a text into lines, some of them in each piece. */
function* pieces(text: string): Generator<string[]> {
  for (let at = 0; at < text.length; ) {
    const cut = text.indexOf("\n", at + STEP_CHARS);
    const end = cut === -1 ? text.length : cut;
    yield text.slice(at, end).split("\n");
    at = end + 1;
  }
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

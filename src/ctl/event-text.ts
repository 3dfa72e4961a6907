import type { EventReply } from "../admin/client.ts";
import type { Event, History } from "../admin/control-types.ts";
import type { Style } from "../terminal/io.ts";
import { count, formatTime, formatTimeOfDay, printable } from "../terminal/text.ts";
import { wrapLine } from "../terminal/wrap.ts";

/** The column in which messages begin, after the time and the kind. */
const MESSAGE_INDENT = 18;

/** Describes an event in a line, after how many were lost before it. */
export function eventText({ event, lost }: EventReply, style: Style, width: number): string {
  const line = lineOf(event, style, width);
  return lost === 0 ? line : `${style.warn(`(${count(lost, "event")} lost here)`)}\n${line}`;
}

/** Describes what happened in the past: a line for each event, and for each day. */
export function pastText({ events, omitted, keptFromMs }: History, style: Style, width: number): string {
  const lines: string[] = [];
  let day = "";
  for (const event of events) {
    const date = formatTime(event.atMs).slice(0, 10);
    if (date !== day) lines.push(style.bold(date));
    day = date;
    lines.push(lineOf(event, style, width));
  }
  if (events.length === 0) lines.push("No event of this time is remembered");
  if (omitted > 0)
    lines.unshift(style.warn(`(${count(omitted, "older event")} left out: ask for a shorter time)`));
  if (keptFromMs === undefined)
    lines.push("Nothing is remembered: set HistoryMegabytes= in vm-power.conf(5)");
  else if (events.length === 0) lines.push(`Events are remembered since ${formatTime(keptFromMs)}`);
  return lines.join("\n");
}

function lineOf({ atMs, kind, message, vm, vcpu, accepted }: Event, style: Style, width: number): string {
  // Most messages name their VM already.
  const where =
    vm === undefined || message.includes(vm)
      ? ""
      : ` ${printable(vm)}${vcpu === undefined ? "" : `:${vcpu}`}`;
  const text = printable(message);
  const words = `${where} ${accepted === false ? style.bad(text) : text}`;
  const head = `${style.dim(formatTimeOfDay(atMs))} ${printable(kind).padEnd(8)}`;
  return wrapLine(`${head}${words}`, width, MESSAGE_INDENT);
}

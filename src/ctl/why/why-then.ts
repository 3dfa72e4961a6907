import type { Event, History } from "../../admin/control-types.ts";
import { EXIT, type ExitCode } from "../../terminal/exit-code.ts";
import { formatTime, printable } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { cpuOrNameArgument, vcpuArgument } from "../arguments.ts";
import type { Context } from "../verb.ts";
import { FACT_INDENT, fact, type Look } from "./clock-text.ts";

/** How far before the time causes are looked for, and how far after it what followed. */
const BEFORE_MS = 24 * 60 * 60 * 1000;
const AFTER_MS = 60 * 60 * 1000;

/** Events before the time that are shown beside the speeds. */
const SHOWN_MAX = 5;

/** Explains the speed of a CPU, a vCPU or a VM at a time in the past, by what the daemon remembers. */
export async function whyThen(
  { call, show, style, io }: Context,
  which: string,
  atMs: number,
): Promise<ExitCode> {
  const vcpu = vcpuArgument(which);
  const cpu = vcpu === undefined ? cpuOrNameArgument(which) : undefined;
  const vm = vcpu?.vm ?? (typeof cpu === "string" ? cpu : undefined);
  const span = { fromMs: Math.max(0, atMs - BEFORE_MS), toMs: atMs + AFTER_MS };
  const reply = await call("GetHistory", vm === undefined ? span : { ...span, vm });
  const isMeant = ({ pcpu, users = [] }: Event) =>
    vcpu !== undefined
      ? users.includes(`${vcpu.vm}:${vcpu.vcpu}`)
      : typeof cpu === "number"
        ? pcpu === cpu
        : users.some((user) => user.startsWith(`${vm}:`));
  show(reply, () => thenText(reply, { which, atMs, isMeant }, { style, width: textWidth(io) }));
  return EXIT.ok;
}

interface Asked {
  readonly which: string;
  readonly atMs: number;
  readonly isMeant: (event: Event) => boolean;
}

function thenText(
  { events, keptFromMs }: History,
  { which, atMs, isMeant }: Asked,
  { style, width }: Look,
): string {
  const isSpeed = (event: Event) => event.kind === "speed" && isMeant(event);
  const before = events.filter((event) => event.atMs <= atMs);
  const speeds = before.filter(isSpeed);
  const clocks = [...new Set(speeds.map(({ pcpu }) => pcpu))].sort((a = 0, b = 0) => a - b);
  const facts = clocks.flatMap((clock): [string, string][] => {
    const own = speeds.filter(({ pcpu }) => pcpu === clock);
    const after = events.find((event) => isSpeed(event) && event.pcpu === clock && event.atMs > atMs);
    return [
      ["Speed", lineOf(own.at(-1) as Event)],
      ...(own.length < 2 ? [] : [["Before", lineOf(own.at(-2) as Event)] as [string, string]]),
      ...(after === undefined ? [] : [["Then", lineOf(after)] as [string, string]]),
    ];
  });
  const others = before.filter(({ kind }) => kind !== "speed").slice(-SHOWN_MAX);
  const lines = [
    ...facts,
    ...others.map((event): [string, string] => ["Event", `${lineOf(event)}`]),
    ...(facts.length > 0 ? [] : ([["Speed", noSpeed(keptFromMs, atMs)]] as [string, string][])),
  ].map(([name, value]) => wrapLine(fact(style, name, [value]), width, FACT_INDENT));
  return [`${style.bold(printable(which))} at ${formatTime(atMs)}`, ...lines].join("\n");
}

function lineOf({ atMs, message }: Event): string {
  return `${formatTime(atMs)} ${printable(message)}`;
}

function noSpeed(keptFromMs: number | undefined, atMs: number): string {
  if (keptFromMs === undefined) return "nothing is remembered (HistoryMegabytes=)";
  if (keptFromMs > atMs) return `not known: events are remembered since ${formatTime(keptFromMs)}`;
  return "no speed was set in the day before, so its own settings held, or those of an earlier request";
}

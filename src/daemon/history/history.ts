import type { Event } from "../../admin/control-types.ts";
import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { ClockView } from "../../arbiter/view.ts";
import type { Write } from "../../base/clock.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { LineLimiter } from "../../base/line-limiter.ts";
import type { Log } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import type { Alarm } from "../alarm.ts";
import { KeptLines } from "../kept-lines.ts";
import type { TurnClock } from "../turn-clock.ts";
import { holderText } from "../words/holder-text.ts";
import { ruleText } from "../words/rule-text.ts";
import { shareOf } from "./share.ts";

/** How long events are collected before they are written, in ms. */
const COLLECT_MS = 1000;

/** A clock that is set again and again has one line in so many ms. */
const CLOCK_PACE_MS = 10_000;

/** The most events that wait to be written. Further ones are left out. */
const WAITING_MAX = 1000;

/** The most names of vCPUs in one line. */
const NAMED_MAX = 16;

/** Kinds of events that a guest, its QEMU or another program can cause as often as they like. */
const LIMITED: ReadonlySet<Event["kind"]> = new Set(["channel", "policy", "vm", "drift", "cpu", "schedule"]);

/** Changes of one clock that have no line yet. */
interface Changes {
  count: number;
  /** Of the last one, on the wall clock. */
  atMs: number;
  /** When the clock had its last line, on the monotonic clock. */
  toldMs: number;
}

/** What {@link History} needs. */
export interface HistoryOptions {
  readonly file: KeptLines;
  readonly alarm: Alarm;
  readonly time: TurnClock;
  readonly arbiter: () => Pick<Arbiter, "clock">;
}

/** Remembers what happened: every event that is not a request, and every speed that the kernel accepted, with its cause. */
export class History {
  readonly #options: HistoryOptions;
  readonly #limiter = new LineLimiter();
  readonly #clocks = new Map<Pcpu, Changes>();
  #waiting: string[] = [];
  /** When the next lines are written, on the monotonic clock. */
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Notes an event. */
  event(event: Event): void {
    const { kind, vm = "", pcpu = "" } = event;
    const { monoMs } = this.#options.time();
    if (LIMITED.has(kind) && this.#limiter.allow(`${kind} ${vm} ${pcpu}`, monoMs) === undefined) return;
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#waiting.push(JSON.stringify(event));
    this.#wake();
  }

  /** Notes a write that the kernel accepted. Called while a packet is handled: the cause is looked up later. */
  accepted({ clock }: Write): void {
    let changes = this.#clocks.get(clock);
    if (changes === undefined) {
      changes = { count: 0, atMs: 0, toldMs: Number.NEGATIVE_INFINITY };
      this.#clocks.set(clock, changes);
    }
    changes.count++;
    changes.atMs = this.#options.time().wallMs;
    if (changes.count === 1) this.#wake();
  }

  /** What was written, the oldest first. */
  texts(): Iterable<string> {
    return this.#options.file.texts();
  }

  /** Writes what was noted, all of it or only what is due. */
  flush({ all }: { readonly all: boolean }): void {
    const { file, time } = this.#options;
    const { monoMs } = time();
    this.#wakeMs = Number.POSITIVE_INFINITY;
    const lines = this.#waiting;
    this.#waiting = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [clock, changes] of this.#clocks) {
      if (changes.count === 0) continue;
      const dueMs = changes.toldMs + CLOCK_PACE_MS;
      if (!all && dueMs > monoMs) nextMs = Math.min(nextMs, dueMs);
      else lines.push(...this.#lineOf(clock, changes, monoMs));
    }
    if (lines.length > 0) file.append(lines);
    if (nextMs < Number.POSITIVE_INFINITY) this.#wake(nextMs);
  }

  #lineOf(clock: Pcpu, changes: Changes, monoMs: number): string[] {
    const { count, atMs } = changes;
    changes.count = 0;
    changes.toldMs = monoMs;
    const found = this.#options.arbiter().clock(clock);
    return found === undefined ? [] : [JSON.stringify(speedEvent(found, { count, atMs }))];
  }

  #wake(atMs = this.#options.time().monoMs + COLLECT_MS): void {
    if (atMs >= this.#wakeMs) return;
    this.#wakeMs = atMs;
    this.#options.alarm.at("history", atMs, () => this.flush({ all: false }));
  }
}

/** A change of a clock's speed, with those who want something of the clock. */
function speedEvent(found: ClockView, { count, atMs }: Pick<Changes, "count" | "atMs">): Event {
  const { clock, accepted, speed, claims } = found;
  const khz = accepted === "baseline" ? undefined : speed?.khz;
  const users = claims.flatMap(({ holder }) => (holder.kind === "vcpu" ? [holderText(holder)] : []));
  const set = khz === undefined ? "its own settings" : formatKhz(khz);
  const times = count === 1 ? "" : ` (the last of ${count} changes)`;
  return {
    atMs,
    kind: "speed",
    message: `CPU ${formatCpuList(clock.pcpus)} at ${set}${times}: ${causeText(found, { khz, atMs })}`,
    pcpu: clock.id,
    khz,
    users: users.slice(0, NAMED_MAX),
    of: count === 1 ? undefined : count,
  };
}

/** Why a clock has the speed that it has: an order, a schedule, parking, or the claims that win, and what was asked last. */
function causeText(
  { order, schedule, parked, claims, last }: ClockView,
  { khz, atMs }: Pick<Event, "khz" | "atMs">,
): string {
  if (order !== undefined && order.khz === khz) return `${order.who} ordered it`;
  if (parked !== undefined) return "nobody uses it: parked";
  const winners = claims.filter((claim) => claim.khz !== undefined && claim.khz === khz);
  const names = winners.slice(0, NAMED_MAX).map(({ holder }) => holderText(holder));
  // What was asked after the change did not cause it.
  const asked =
    last === undefined || last.atMs > atMs
      ? ""
      : `${holderText(last.by)} asked ${last.asked} (${ruleText(last.rule)})`;
  if (names.length > 0) return [`for ${names.join(", ")}`, asked].filter((text) => text !== "").join("; ");
  if (schedule !== undefined && khz !== undefined) return `schedule ${schedule.name}`;
  const silent = claims.find((claim) => claim.khz === undefined && claim.pinned);
  if (khz === undefined && silent !== undefined)
    return `${holderText(silent.holder)} runs here and asks for nothing`;
  return khz === undefined ? "nobody claims it" : asked;
}

/** Opens the history in the state directory; undefined if none is kept. */
export function openHistory(
  { config, log, time }: { readonly config: () => Config; readonly log: Log; readonly time: TurnClock },
  parts: Pick<HistoryOptions, "alarm" | "arbiter">,
): History | undefined {
  const { stateDirectory: directory, historyMegabytes } = config().daemon;
  if (historyMegabytes === 0) return undefined;
  const file = new KeptLines({
    ...{ directory, name: "history", log },
    megabytes: shareOf(historyMegabytes).events,
  });
  return new History({ ...parts, time, file });
}

import { join } from "node:path";
import { isRecord } from "../../base/is-record.ts";
import type { Log } from "../../base/log.ts";
import type { Counters } from "../../energy/energy-meters.ts";
import { type AccountState, emptyState } from "../../ledger/account.ts";
import { blockText, readAccount, spanText } from "../../ledger/account-text.ts";
import type { FitBlock } from "../../ledger/fit.ts";
import { moveAside } from "../../os/move-aside.ts";
import { readOwnFile } from "../../os/own-file.ts";
import { writeWhole } from "../../os/whole-file.ts";
import type { BootNow } from "../lifecycle/handover.ts";
import { KeptSpans } from "./kept-spans.ts";

const FILE = "energy.jsonl";
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const VERSION = 1;

/** Two daemons are of one boot if the difference of both clocks changed by less than this, in ms. */
const SAME_BOOT_MS = 5_000;

/** Counters are continued over so long in ms: they begin anew after some minutes of full power. */
const GAP_MAX_MS = 600_000;

/** What was stored. */
export interface StoredEnergy {
  readonly state: AccountState;
  /** The numbers of counters, on the monotonic clock of this daemon. Empty if the host booted since. */
  readonly counters: Counters;
}

/** A time on both clocks of the host, and on the daemon's own. */
export interface FileTime {
  readonly boot: BootNow;
  readonly monoMs: number;
}

/**
 * The account of energy in the state directory. What still grows is one small file that is written whole, so that an end of
 * the daemon at any time loses nothing; spans that are over are in files of their own.
 */
export class EnergyFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #minutes: KeptSpans;
  readonly #hours: KeptSpans;
  /** The text of blocks that do not change any more. */
  readonly #texts = new WeakMap<FitBlock, string>();
  #failed = "";

  constructor(directory: string, log: Log) {
    this.#path = join(directory, FILE);
    this.#log = log;
    this.#minutes = new KeptSpans("minute", { directory, log });
    this.#hours = new KeptSpans("hour", { directory, log });
  }

  /** Reads the account. What is none is moved aside, and begins anew. */
  read(now: FileTime): StoredEnergy {
    const { state, counters } = this.#readGrowing(now) ?? {
      state: emptyState(now.boot.wallMs),
      counters: {},
    };
    const [minutes, hours] = [this.#minutes.before(state.minutes), this.#hours.before(state.hours)];
    return { state: { ...state, minutes, hours }, counters };
  }

  #readGrowing(now: FileTime): StoredEnergy | undefined {
    const text = readOwnFile(this.#path, FILE_BYTES_MAX);
    if (text.ok && text.value === undefined) return undefined;
    const [first = "", ...lines] = text.ok ? (text.value ?? "").trimEnd().split("\n") : [];
    const head = headOf(first);
    const state = head && readAccount(lines);
    if (head !== undefined && state !== undefined) return { state, counters: countersOf(head, now) };
    moveAside(this.#path, { log: this.#log, because: text.ok ? "it is no account of energy" : text.why });
    return undefined;
  }

  /** Writes the account. A write while the daemon runs does not wait for the disk, because packets would wait too. */
  write(state: AccountState, counters: Counters, { now, isLast }: { now: FileTime; isLast: boolean }): void {
    const head = {
      version: VERSION,
      ...now.boot,
      counters: Object.fromEntries(
        Object.entries(counters).map(([id, { value, atMs }]) => [id, [value, Math.round(now.monoMs - atMs)]]),
      ),
    };
    const { total, minutes, hours, blocks } = state;
    // Before the file that would not have them any more.
    this.#minutes.write(minutes.slice(0, -1));
    this.#hours.write(hours.slice(0, -1));
    const lines = [
      JSON.stringify(head),
      spanText("total", total),
      ...minutes.slice(-1).map((span) => spanText("minute", span)),
      ...hours.slice(-1).map((span) => spanText("hour", span)),
      ...this.#blockTexts(blocks),
    ];
    const options = { mode: 0o640, log: this.#log, volatile: !isLast };
    const written = writeWhole(this.#path, `${lines.join("\n")}\n`, options);
    const why = written.ok ? "" : written.why.message;
    // A disk stays full for hours.
    if (why !== "" && why !== this.#failed)
      this.#log.error(`The account of energy cannot be remembered over a restart. ${why}`);
    this.#failed = why;
  }

  /** The last one still grows. */
  #blockTexts(blocks: readonly FitBlock[]): string[] {
    return blocks.map((block, i) => {
      const text = this.#texts.get(block) ?? blockText(block);
      if (i < blocks.length - 1) this.#texts.set(block, text);
      return text;
    });
  }
}

interface Head extends BootNow {
  readonly counters: Readonly<Record<string, readonly [number, number]>>;
}

function headOf(line: string): Head | undefined {
  try {
    const head: unknown = JSON.parse(line);
    if (!isRecord(head) || head["version"] !== VERSION || !isRecord(head["counters"])) return undefined;
    const isCounter = (each: unknown) =>
      Array.isArray(each) && each.length === 2 && each.every((number) => Number.isFinite(number));
    const isSound = [head["wallMs"], head["bootMs"]].every((time) => Number.isFinite(time));
    return isSound && Object.values(head["counters"]).every(isCounter)
      ? (head as unknown as Head)
      : undefined;
  } catch {
    return undefined;
  }
}

function countersOf({ counters, wallMs, bootMs }: Head, { boot, monoMs }: FileTime): Counters {
  const gapMs = boot.bootMs - bootMs;
  const isSameBoot = gapMs >= 0 && Math.abs(boot.wallMs - wallMs - gapMs) < SAME_BOOT_MS;
  if (!isSameBoot || gapMs > GAP_MAX_MS) return {};
  return Object.fromEntries(
    Object.entries(counters).map(([id, [value, ageMs]]) => [id, { value, atMs: monoMs - gapMs - ageMs }]),
  );
}

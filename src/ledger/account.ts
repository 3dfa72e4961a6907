import { addToBlock, emptyBlock, type Fit, type FitBlock, fitModel } from "./fit.ts";
import { type PowerModel, typicalModel } from "./power-model.ts";
import { shareOut } from "./share.ts";
import { addEntry, type Entry, emptySpan, type Span } from "./span.ts";
import { plus, terms, type Use } from "./use.ts";
import type { VmUse } from "./vm-use.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * How many spans are kept, an hour of minutes and a week of hours, and how many accounts of VMs in all of them: a week of 48
 * VMs. On a host with more VMs fewer spans are kept.
 */
export const KEPT = {
  minute: { spansMax: 61, entriesMax: 4096 },
  hour: { spansMax: 169, entriesMax: 8192 },
} as const;

/** The time of a block for the fit, and how many there are: a day. */
const BLOCK_MS = 10 * MINUTE_MS;
const BLOCKS_MAX = 144;

/** An interval as it happened. */
export interface Interval {
  readonly seconds: number;
  /** When it ended, on the wall clock. */
  readonly wallMs: number;
  /** What meters told; undefined if there is none. */
  readonly joules: number | undefined;
  /** The part of these joules that was measured; the rest was extrapolated. */
  readonly metered: number;
  /** Whether all of it is known well enough to fit the model with it. */
  readonly isExact: boolean;
  readonly vms: ReadonlyMap<string, VmUse>;
  readonly host: Use;
  /** CPUs of the host. */
  readonly cpus: number;
}

/** Everything that an account remembers. */
export interface AccountState {
  readonly total: Span;
  readonly minutes: Span[];
  readonly hours: Span[];
  readonly blocks: FitBlock[];
}

/** The state of an account that begins now. */
export function emptyState(wallMs: number): AccountState {
  return { total: emptySpan(wallMs), minutes: [], hours: [], blocks: [] };
}

/** The energy of a host and of its VMs, over time. Its size is bounded. */
export class Account {
  readonly state: AccountState;
  #fit: Fit | undefined;

  constructor(wallMs: number, state = emptyState(wallMs)) {
    this.state = state;
    this.#fit = fitModel(this.state.blocks);
  }

  /** The model that was fitted on this host; undefined if there is not enough to fit one. */
  get fit(): Fit | undefined {
    return this.#fit;
  }

  /** The model that shares joules out. */
  model(cpus: number): PowerModel {
    return this.#fit?.isGood === true ? this.#fit.model : typicalModel(cpus);
  }

  /** Accounts an interval. */
  add(interval: Interval): void {
    const { wallMs, joules, metered, vms, seconds } = interval;
    const entry = { shares: shareOut(this.model(interval.cpus), interval), metered, vms };
    const { total, minutes, hours } = this.state;
    const at = { fromMs: wallMs - seconds * 1000, toMs: wallMs };
    addEntry(total, entry);
    total.toMs = wallMs;
    addTo(minutes, entry, { ...at, ...KEPT.minute, lengthMs: MINUTE_MS });
    addTo(hours, entry, { ...at, ...KEPT.hour, lengthMs: HOUR_MS });
    if (interval.isExact && joules !== undefined) this.#learn(interval, joules);
  }

  /** The spans of a time, minutes of the last hour, else hours: from that in which it begins to the last that is mostly within it. */
  between(sinceMs: number, untilMs: number): readonly Span[] {
    const { minutes, hours } = this.state;
    const [first] = minutes;
    // Minutes tell all of an account that is younger than they are kept.
    const beginMs = Math.max(sinceMs, hours[0]?.fromMs ?? sinceMs);
    const spans = first !== undefined && first.fromMs <= beginMs ? minutes : hours;
    return spans.filter(({ fromMs, toMs }) => toMs > sinceMs && (fromMs + toMs) / 2 < untilMs);
  }

  /** Uses an interval for the fit, which is made anew with every block. */
  #learn({ wallMs, seconds, vms, host }: Interval, joules: number): void {
    const { blocks } = this.state;
    const startMs = Math.floor(wallMs / BLOCK_MS) * BLOCK_MS;
    let block = blocks.at(-1);
    if (block?.startMs !== startMs) {
      this.#fit = fitModel(blocks);
      block = emptyBlock(startMs);
      blocks.push(block);
      if (blocks.length > BLOCKS_MAX) blocks.shift();
    }
    let all = host;
    for (const { use } of vms.values()) all = plus(all, use);
    addToBlock(block, [1, ...terms(all).map((term) => term / seconds)], joules / seconds);
  }
}

interface Place {
  readonly fromMs: number;
  readonly toMs: number;
  readonly lengthMs: number;
  readonly spansMax: number;
  readonly entriesMax: number;
}

/** Adds an entry to the span in which it ends, and drops the oldest spans beyond the limits. */
function addTo(spans: Span[], entry: Entry, { fromMs, toMs, lengthMs, spansMax, entriesMax }: Place): void {
  const slot = (ms: number) => Math.floor(ms / lengthMs);
  let span = spans.at(-1);
  // The wall clock may have been set back.
  if (span === undefined || slot(span.toMs) !== slot(toMs) || toMs < span.toMs) {
    span = emptySpan(fromMs);
    spans.push(span);
  }
  addEntry(span, entry);
  span.toMs = toMs;
  let entries = spans.reduce((sum, { vms }) => sum + vms.size, 0);
  while (spans.length > spansMax || entries > entriesMax) entries -= (spans.shift() as Span).vms.size;
}

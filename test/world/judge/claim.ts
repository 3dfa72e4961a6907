import type { Vm } from "../players/vm.ts";
import type { Rule } from "./rules.ts";

/** A vCPU that never asked; one that does not count; any other number is twice the index of an entry, and one more with turbo. */
export const SILENT = -1;
export const ABSENT = -2;

/** The daemon may be so much later or earlier than the judge, in ms. */
const SLACK_MS = 100;

const NEVER = { firstMs: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };

/** A start takes at most so long. */
const RESTART_MS = 60_000;

/** A speed that is kept for a while, although a slower one was asked for. */
interface Lasting {
  readonly states: ReadonlySet<number>;
  /** Until when at least and at most. */
  readonly firstMs: number;
  readonly untilMs: number;
  readonly isCertain: boolean;
}

/** What is possible for one vCPU of one run of a VM. */
export class Claim {
  readonly vm: Vm;
  readonly run: number;
  readonly vcpu: number;
  /** What it sends cannot be followed. */
  readonly isWild: boolean;
  /** What it asked for, with a request that was not answered yet. */
  states = new Set([SILENT, ABSENT]);
  /** Likewise without that request. */
  before = new Set([SILENT, ABSENT]);
  /** The guest policies that may be in force for it. */
  rules = new Set<Rule | undefined>([undefined]);
  /** Where it may run, as far as the daemon may know. */
  places: readonly (readonly number[])[];
  /** While the VM is paused, what it wanted and wants again when it runs. */
  rest: Set<number> | undefined;
  /** Whether the daemon must know by now where it runs. */
  isSettled = false;
  /** When its request ends, at the earliest and at the latest. */
  #lease = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.POSITIVE_INFINITY };
  /** Since when it has its speed, and whether that is certain. */
  #got = { ms: Number.NEGATIVE_INFINITY, isCertain: true };
  #lasting: Lasting | undefined;
  #lastingBefore: Lasting | undefined;

  constructor(vm: Vm, vcpu: number, isWild: boolean) {
    this.vm = vm;
    this.run = vm.id;
    this.vcpu = vcpu;
    this.isWild = isWild;
    this.places = [vm.pins[vcpu] ?? []];
  }

  add(...states: readonly number[]): void {
    this.states = new Set([...this.states, ...states]);
    this.before = new Set([...this.before, ...states]);
  }

  /** What the daemon knows may differ from the truth from now on. */
  unsettle(): void {
    this.add(ABSENT, SILENT);
    this.rest?.add(SILENT);
    this.rules.add(undefined);
    this.doubt();
  }

  /** What is certain of times is not any more. */
  doubt(): void {
    this.isSettled = false;
    this.#got = { ...this.#got, isCertain: false };
    if (this.#lasting !== undefined) this.#lasting = { ...this.#lasting, isCertain: false };
  }

  /** The next daemon goes on with what it wants. Leases and dwells begin anew then. */
  restarts(nowMs: number): void {
    const { leaseSec, dwellMs } = this.vm.contract;
    const startedMs = nowMs + RESTART_MS;
    const lasting = this.#lasting;
    this.unsettle();
    if (leaseSec !== undefined && nowMs < this.#lease.lastMs)
      this.#lease = { ...this.#lease, lastMs: startedMs + leaseSec * 1000 };
    if (dwellMs === undefined) return;
    this.#got = { ms: startedMs, isCertain: false };
    if (lasting !== undefined && nowMs < lasting.untilMs)
      this.#lasting = { ...lasting, untilMs: startedMs + dwellMs };
  }

  /** The daemon knows the truth: whether its VM runs or is paused, and whether it is on CPUs that can be scaled. */
  settle({ isPlaced }: { readonly isPlaced: boolean }): void {
    this.isSettled = true;
    const { state } = this.vm;
    if (!isPlaced) this.rest = undefined;
    else if (state === "paused") this.rest ??= new Set([...this.states].filter((one) => one !== ABSENT));
    if (state === "running" && isPlaced)
      for (const states of [this.states, this.before]) states.delete(ABSENT);
    else this.states = this.before = new Set([ABSENT]);
    if (this.states.size === 0) this.states = this.before = new Set([SILENT]);
  }

  forget(): void {
    this.states = new Set([SILENT, ABSENT]);
    this.before = new Set(this.states);
    this.rules = new Set([undefined]);
    this.rest = undefined;
    this.#lasting = undefined;
    this.doubt();
  }

  /** Whether what it asked for ends by itself, or begins to count, in a span of time. */
  turnsIn(fromMs: number, toMs: number): boolean {
    const isIn = (firstMs: number, lastMs: number) => firstMs < toMs + SLACK_MS && lastMs > fromMs - SLACK_MS;
    const { firstMs, untilMs } = this.#lasting ?? NEVER;
    return isIn(this.#lease.firstMs, this.#lease.lastMs) || isIn(firstMs, untilMs);
  }

  /** What it asked for, as far as that has not ended. */
  askedAt(nowMs: number): ReadonlySet<number> {
    const { firstMs, lastMs } = this.#lease;
    if (nowMs < firstMs - SLACK_MS) return this.states;
    if (nowMs <= lastMs + SLACK_MS) return new Set([...this.states, SILENT]);
    const left = new Set([SILENT]);
    if (this.states.has(ABSENT)) left.add(ABSENT);
    return left;
  }

  /** What may count for it. */
  wantsAt(nowMs: number): ReadonlySet<number> {
    const asked = this.askedAt(nowMs);
    const lasting = this.#lasting;
    if (lasting === undefined || nowMs > lasting.untilMs + SLACK_MS) return asked;
    if (!lasting.isCertain || nowMs > lasting.firstMs - SLACK_MS || asked.has(SILENT))
      return new Set([...asked, ...lasting.states]);
    return asked.has(ABSENT) ? new Set([...lasting.states, ABSENT]) : lasting.states;
  }

  /** A request is on its way that may lead to these states. */
  asks(after: ReadonlySet<number>, nowMs: number): void {
    const { leaseSec, dwellMs } = this.vm.contract;
    this.before = new Set(this.askedAt(nowMs));
    this.states = new Set([...this.before, ...after]);
    this.#lastingBefore = this.#lasting;
    if (leaseSec !== undefined) {
      const endMs = nowMs + leaseSec * 1000;
      this.#lease = { firstMs: Math.min(this.#lease.firstMs, endMs), lastMs: endMs };
    }
    if (dwellMs === undefined) return;
    const states = new Set([...this.before, ...(this.#lasting?.states ?? [])]);
    this.#lasting = { states, firstMs: nowMs, untilMs: nowMs + dwellMs, isCertain: false };
  }

  /** It was answered. */
  isAnswered(after: ReadonlySet<number>, accepted: boolean, nowMs: number): void {
    if (accepted) this.#granted(after, nowMs);
    else {
      this.#lasting = this.#lastingBefore;
      this.states = new Set(this.before);
    }
    if (accepted && !this.isSettled) this.add(SILENT, ABSENT);
    this.before = new Set(this.states);
  }

  /** A policy is in force for it: what it asked for before has ended. */
  follows(rule: Rule): void {
    this.states = new Set(this.isSettled ? [SILENT] : [SILENT, ABSENT]);
    this.before = new Set(this.states);
    this.#lasting = undefined;
    this.rules = new Set(this.isSettled ? [rule] : [rule, undefined]);
  }

  #granted(after: ReadonlySet<number>, nowMs: number): void {
    const { leaseSec, dwellMs = 0 } = this.vm.contract;
    // It ends before the request that follows can.
    if (leaseSec !== undefined) this.#lease = { firstMs: this.#lease.lastMs, lastMs: this.#lease.lastMs };
    this.states = new Set(after);
    if (dwellMs === 0) return;
    const before = this.#lastingBefore;
    const waits = before !== undefined && nowMs < before.untilMs ? before : undefined;
    if (waits === undefined && before !== undefined)
      this.#got = { ms: before.untilMs, isCertain: before.isCertain };
    // Where that is not certain, it may have the slower speed already.
    const holding = new Set([...(waits?.states ?? []), ...(waits?.isCertain === true ? [] : this.before)]);
    const [held = SILENT] = holding;
    const [next = SILENT] = after;
    this.#lasting = undefined;
    if (holding.size !== 1 || after.size !== 1 || held === ABSENT) {
      const states = new Set([...holding, ...this.before]);
      this.#lasting = { states, firstMs: nowMs, untilMs: nowMs + dwellMs, isCertain: false };
      this.#got = { ms: nowMs, isCertain: false };
      return;
    }
    const untilMs = waits?.untilMs ?? this.#got.ms + dwellMs;
    const isKnown = this.isSettled && (waits?.isCertain ?? this.#got.isCertain);
    const isCertain = isKnown && Math.abs(untilMs - nowMs) > SLACK_MS;
    const isSlower = held !== SILENT && next >> 1 > held >> 1;
    if (isSlower && untilMs > nowMs)
      this.#lasting = { states: holding, firstMs: waits?.firstMs ?? untilMs, untilMs, isCertain };
    else if (held === SILENT) this.#got = { ms: nowMs, isCertain: this.isSettled };
    else if (next >> 1 !== held >> 1) this.#got = { ms: nowMs, isCertain: !isSlower || isCertain };
  }
}

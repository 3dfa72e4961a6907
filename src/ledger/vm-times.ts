import type { Domain, Khz, Pcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import type { ClockTimes, HostTimes } from "./clock-times.ts";

/** States of one VM: those of all kinds of clocks that its vCPUs ran on. Further ones are added to the nearest. */
const VM_STATES_MAX = 32;

/** VMs that are accounted. Those that ended count until they are forgotten. */
const VMS_MAX = 4096;

/** A vCPU that may run on more CPUs has no speed of its own: its guest can set none of them. */
const CPUS_MAX = 16;

/** What became of a request: it got what it asked for, less for a limit or another claim, less for an operator's hold, or nothing. */
export type Outcome = "granted" | "bounded" | "held" | "refused";

/** How the vCPUs of a VM ran, and what became of its requests, since it is known. */
export interface VmTimes {
  /** Seconds by speed in kHz, of all its vCPUs together; see `OWN_SETTINGS`. */
  readonly states: ReadonlyMap<Khz, number>;
  /** Settings that the kernel accepted for its vCPUs' clocks, for whomever. */
  readonly transitions: number;
  readonly requests: Readonly<Record<Outcome, number>>;
  /** On the wall clock. */
  readonly sinceMs: number;
}

/** A clock of a VM, as it was when the VM was accounted last. */
interface Mark {
  readonly times: ClockTimes;
  /** How many vCPUs run there; of one that may run on several CPUs, a part. */
  share: number;
  /** Where its states begin in the seconds of the account. */
  readonly at: number;
  transitions: number;
}

interface Account {
  readonly states: Map<Khz, number>;
  transitions: number;
  readonly requests: Record<Outcome, number>;
  readonly sinceMs: number;
  marks: readonly Mark[];
  /** Seconds of all marks in each of their states: one array, because a host may have thousands of vCPUs. */
  seconds: Float64Array;
  isGone: boolean;
}

const NO_SECONDS = new Float64Array(0);

/** How the vCPUs of each VM ran: what their clocks did while they were pinned there. */
export class VmLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #clocks: HostTimes;

  constructor(clocks: HostTimes) {
    this.#clocks = clocks;
  }

  /** A VM was started, pinned, paused or resumed, or the host's clocks are other ones. While it is paused, no time counts. */
  place({ name, state, pins }: Pick<Domain, "name" | "state" | "pins">, clockOf: ClockOf, now: Now): void {
    const account = this.#account(name, now);
    if (account === undefined) return;
    this.#settle(account, now.monoMs);
    account.isGone = false;
    account.marks = state === "paused" ? [] : this.#marks(pins, clockOf, now.monoMs);
    account.seconds = secondsOf(account.marks);
  }

  /** A VM does not exist any more. Its account stays until it is forgotten. */
  gone(name: string, { monoMs }: Now): void {
    const account = this.#accounts.get(name);
    if (account === undefined) return;
    this.#settle(account, monoMs);
    account.marks = [];
    account.isGone = true;
  }

  /** Counts a request. Called while a packet is handled. */
  asked(name: string, outcome: Outcome, now: Now): void {
    const account = this.#accounts.get(name) ?? this.#account(name, now);
    if (account !== undefined) account.requests[outcome]++;
  }

  /** The account of a VM until now. */
  of(name: string, monoMs: number): VmTimes | undefined {
    const account = this.#accounts.get(name);
    if (account !== undefined) this.#settle(account, monoMs);
    return account;
  }

  /** The VMs that have an account. */
  names(): string[] {
    return [...this.#accounts.keys()];
  }

  /** Forgets VMs that ended. */
  forget(isKnown: (name: string) => boolean): void {
    for (const [name, { isGone, marks }] of this.#accounts)
      if (isGone || (marks.length === 0 && !isKnown(name))) this.#accounts.delete(name);
  }

  #account(name: string, { wallMs }: Now): Account | undefined {
    const known = this.#accounts.get(name);
    if (known !== undefined || this.#accounts.size >= VMS_MAX) return known;
    const requests = { granted: 0, bounded: 0, held: 0, refused: 0 };
    const account = {
      ...{ states: new Map(), transitions: 0, requests },
      ...{ sinceMs: wallMs, marks: [], seconds: NO_SECONDS, isGone: false },
    };
    this.#accounts.set(name, account);
    return account;
  }

  #marks(pins: Domain["pins"], clockOf: ClockOf, monoMs: number): Mark[] {
    const marks = new Map<ClockTimes, Mark>();
    let length = 0;
    for (const pcpus of pins) {
      if (pcpus.length > CPUS_MAX) continue;
      for (const pcpu of pcpus) {
        const times = this.#clocks.of(clockOf(pcpu), monoMs);
        if (times === undefined) continue;
        let mark = marks.get(times);
        if (mark === undefined) {
          mark = { times, share: 0, at: length, transitions: times.transitions };
          marks.set(times, mark);
          length += times.seconds.length;
        }
        mark.share += 1 / pcpus.length;
      }
    }
    return [...marks.values()];
  }

  /** Adds what the clocks did since the last time. */
  #settle(account: Account, monoMs: number): void {
    const { seconds } = account;
    for (const mark of account.marks) {
      const { times, share, at } = mark;
      this.#clocks.of(times.clock.id, monoMs);
      for (const [state, khz] of times.states.entries()) {
        const passed = (times.seconds[state] as number) - (seconds[at + state] as number);
        if (passed > 0) addTime(account.states, khz, share * passed);
      }
      account.transitions += times.transitions - mark.transitions;
      seconds.set(times.seconds, at);
      mark.transitions = times.transitions;
    }
  }
}

/** The clock of a CPU, by its number; undefined for a CPU that is not managed. */
type ClockOf = (pcpu: Pcpu) => Pcpu | undefined;

/** What the clocks of these marks have now, one behind the other. */
function secondsOf(marks: readonly Mark[]): Float64Array {
  const last = marks.at(-1);
  if (last === undefined) return NO_SECONDS;
  const seconds = new Float64Array(last.at + last.times.seconds.length);
  for (const { at, times } of marks) seconds.set(times.seconds, at);
  return seconds;
}

/** Adds seconds at a speed; at the limit, to the nearest that is known. */
export function addTime(states: Map<Khz, number>, khz: Khz, seconds: number): void {
  let key = khz;
  if (!states.has(khz) && states.size >= VM_STATES_MAX)
    for (const known of states.keys())
      if (key === khz || Math.abs(known - khz) < Math.abs(key - khz)) key = known;
  states.set(key, (states.get(key) ?? 0) + seconds);
}

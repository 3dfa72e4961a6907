/** An order of an operator that guests cannot change. */
interface Order {
  /** The index of an entry; undefined is no order. */
  readonly index: number | undefined;
  /** When it ends by itself. */
  readonly endsMs: number;
}

const SLACK_MS = 100;

/** After so long the daemon knows that a CPU came back. */
const SEEN_MS = 30_000;

const NEVER_MS = Number.POSITIVE_INFINITY;

/** The orders that the daemon may keep for a CPU while it is away. */
interface Left {
  readonly clock: number;
  readonly orders: readonly Order[];
  /** When the CPU came back, on the monotonic clock. */
  readonly backMs?: number;
}

/** The orders that may be in force, by clock. */
export class Orders {
  readonly #by = new Map<number, readonly Order[]>();
  /** The CPUs that they may have been given for, by clock. */
  readonly #givenFor = new Map<number, ReadonlySet<number>>();
  /** What may be noted, by the CPU that is away or came back. */
  readonly #left = new Map<number, Left>();

  get clocks(): number[] {
    return [...this.#by.keys()];
  }

  get hasAny(): boolean {
    return this.#by.size > 0;
  }

  /** The indexes that may be ordered; undefined is none. */
  at(clock: number, nowMs: number): Set<number | undefined> {
    const possible = new Set<number | undefined>();
    for (const { index, endsMs } of this.#by.get(clock) ?? [{ index: undefined, endsMs: NEVER_MS }]) {
      if (nowMs < endsMs + SLACK_MS) possible.add(index);
      if (nowMs > endsMs - SLACK_MS) possible.add(undefined);
    }
    return possible;
  }

  /** Whether one ends in a span of time. */
  turnsIn(clock: number, fromMs: number, toMs: number): boolean {
    return (this.#by.get(clock) ?? []).some(
      ({ endsMs }) => endsMs > fromMs - SLACK_MS && endsMs < toMs + SLACK_MS,
    );
  }

  /** An order is given for a CPU: it may be in force from now on. Returns what to do when the answer is known. */
  gives(
    { clock, cpu, isOnline, nowMs }: { clock: number; cpu: number; isOnline: boolean; nowMs: number },
    indexes: readonly (number | undefined)[],
    endsMs = NEVER_MS,
  ) {
    const before = this.#by.get(clock) ?? [{ index: undefined, endsMs: NEVER_MS }];
    const after = indexes.map((index) => ({ index, endsMs }));
    this.#by.set(clock, [...before, ...after]);
    this.#mayBeFor(clock, cpu);
    // The daemon may not have seen yet that it is away.
    const left = this.#left.get(cpu)?.orders ?? [];
    if (!isOnline) this.#left.set(cpu, { clock, orders: [...left, ...after] });
    return {
      granted: () => {
        this.#by.set(clock, after);
        this.#givenFor.set(clock, new Set([cpu]));
        // It does not count once the daemon sees that the CPU is away.
        if (!isOnline) this.doubt(clock);
        this.#unseen(clock, cpu, nowMs);
      },
      refused: () => {
        this.#by.set(clock, before);
        if (!isOnline) this.#left.set(cpu, { clock, orders: left });
      },
    };
  }

  /** It is not certain whether an order for a clock is in force. */
  doubt(clock: number): void {
    if (this.#by.has(clock)) this.#add(clock, { index: undefined, endsMs: NEVER_MS });
  }

  /**
   * One of the CPUs that share a clock came or went. An order for one that is away does not count for the others, and counts
   * again when it comes back, whatever was ordered for the others.
   */
  cpuSwitched({ clock, cpu }: { clock: number; cpu: number }, isOnline: boolean, nowMs: number): void {
    this.doubt(clock);
    if (isOnline) this.#returns(cpu, nowMs);
    else if (this.#givenFor.get(clock)?.has(cpu) === true)
      this.#left.set(cpu, { clock, orders: this.#by.get(clock) ?? [] });
    else this.#left.delete(cpu);
  }

  /** The host boots: every CPU is online. */
  boots(): void {
    for (const cpu of this.#left.keys()) this.#returns(cpu);
  }

  /** Until the daemon sees that a CPU is back, an order for another CPU of its clock leaves what is noted for it. */
  #unseen(clock: number, cpu: number, nowMs: number): void {
    for (const [other, { backMs = Number.NEGATIVE_INFINITY, ...left }] of this.#left)
      if (left.clock === clock && other !== cpu && nowMs - backMs < SEEN_MS)
        for (const order of left.orders) this.#add(clock, order);
  }

  #returns(cpu: number, backMs?: number): void {
    const left = this.#left.get(cpu);
    if (left === undefined) return;
    if (backMs !== undefined) this.#left.set(cpu, { ...left, backMs });
    for (const order of left.orders) this.#add(left.clock, order);
    this.#mayBeFor(left.clock, cpu);
  }

  #mayBeFor(clock: number, cpu: number): void {
    this.#givenFor.set(clock, new Set([...(this.#givenFor.get(clock) ?? []), cpu]));
  }

  /** The clock of the wall was set. Across a restart, or while its CPU is away, an order ends by that clock. */
  wallJumps(): void {
    for (const [clock, orders] of this.#by) this.#by.set(clock, withoutEnd(orders));
    for (const [cpu, left] of this.#left) this.#left.set(cpu, { ...left, orders: withoutEnd(left.orders) });
  }

  #add(clock: number, order: Order): void {
    this.#by.set(clock, withOrder(this.#by.get(clock) ?? [], order));
  }
}

function withOrder(orders: readonly Order[], { index, endsMs }: Order): readonly Order[] {
  const isKnown = orders.some((order) => order.index === index && order.endsMs === endsMs);
  return isKnown ? orders : [...orders, { index, endsMs }];
}

/** Those that end by themselves may end at any time. */
function withoutEnd(orders: readonly Order[]): readonly Order[] {
  let possible = orders;
  for (const { index, endsMs } of orders) {
    if (endsMs === NEVER_MS) continue;
    possible = withOrder(possible, { index, endsMs: NEVER_MS });
    possible = withOrder(possible, { index: undefined, endsMs: NEVER_MS });
  }
  return possible;
}

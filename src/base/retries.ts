/** How many units of time pass between tries: doubled from the first to the last. */
export interface RetryPace {
  readonly first: number;
  readonly max: number;
}

interface Failure {
  readonly waited: number;
  readonly dueAt: number;
}

/** When what failed may be tried again, for each thing by itself; in whatever unit `now` is counted. */
export class Retries<Key> {
  readonly #pace: RetryPace;
  readonly #failures = new Map<Key, Failure>();

  constructor(pace: RetryPace) {
    this.#pace = pace;
  }

  /** Whether it may be tried now: it never failed, or has waited long enough. */
  isDue(key: Key, now: number): boolean {
    const failure = this.#failures.get(key);
    return failure === undefined || now >= failure.dueAt;
  }

  /** It failed: the next try has to wait, twice as long as for this one. */
  failed(key: Key, now: number): void {
    const before = this.#failures.get(key);
    const waited = Math.min(before === undefined ? this.#pace.first : before.waited * 2, this.#pace.max);
    this.#failures.set(key, { waited, dueAt: now + waited });
  }

  /** It succeeded, or is of no interest any more. */
  succeeded(key: Key): void {
    this.#failures.delete(key);
  }
}

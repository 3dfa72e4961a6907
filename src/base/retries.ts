/** The wait before each retry: it doubles from the first to the longest. */
export interface RetryPace {
  readonly first: number;
  readonly max: number;
}

interface Failure {
  readonly waited: number;
  readonly dueAt: number;
}

/** Decides when each failed operation may be tried again. The unit of time is that of `now`. */
export class Retries<Key> {
  readonly #pace: RetryPace;
  readonly #failures = new Map<Key, Failure>();

  constructor(pace: RetryPace) {
    this.#pace = pace;
  }

  /** Whether the operation may be tried now: it never failed, or its wait is over. */
  isDue(key: Key, now: number): boolean {
    const failure = this.#failures.get(key);
    return failure === undefined || now >= failure.dueAt;
  }

  /** Records a failure: the next wait is twice as long. One of a try for another reason, before the wait is over, changes nothing. */
  failed(key: Key, now: number): void {
    const before = this.#failures.get(key);
    if (before !== undefined && now < before.dueAt) return;
    const waited = Math.min(before === undefined ? this.#pace.first : before.waited * 2, this.#pace.max);
    this.#failures.set(key, { waited, dueAt: now + waited });
  }

  /** Forgets an operation that succeeded or is no longer needed. */
  succeeded(key: Key): void {
    this.#failures.delete(key);
  }
}

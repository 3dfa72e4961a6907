import type { Setting, WriteRefused } from "../base/clock.ts";

type Outcome = WriteRefused | undefined;

/** A write that has not begun. */
interface Waiting {
  setting: Setting;
  readonly done: PromiseWithResolvers<Outcome>;
}

/**
 * The writes of one clock with a slow back end. At most one is under way and one waits. A further setting replaces the
 * waiting one, because only the last setting counts; both callers then get its result.
 */
export class WriteQueue {
  readonly #write: (setting: Setting) => Promise<Outcome>;
  #busy = false;
  #waiting: Waiting | undefined;
  #idle = Promise.withResolvers<void>();

  constructor(write: (setting: Setting) => Promise<Outcome>) {
    this.#write = write;
  }

  /** Whether a write is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Writes a setting; resolves with the result. */
  ask(setting: Setting): Promise<Outcome> {
    if (!this.#busy) return this.run(() => this.#write(setting));
    if (this.#waiting === undefined) this.#waiting = { setting, done: Promise.withResolvers() };
    else this.#waiting.setting = setting;
    return this.#waiting.done.promise;
  }

  /** Does other work with the clock, which must not be busy. Settings that are asked for meanwhile wait. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new Error("Expected a clock that is not busy");
    this.#busy = true;
    return this.#carryOut(work);
  }

  async #carryOut<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#busy = false;
      this.#next();
    }
  }

  /** Resolves when nothing is under way or waiting. */
  async idle(): Promise<void> {
    while (this.#busy) await this.#idle.promise;
  }

  #next(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      const { setting, done } = waiting;
      this.run(() => this.#write(setting)).then(done.resolve, done.reject);
      return;
    }
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }
}

import type { Setting, WriteRefused } from "../base/clock.ts";

type Outcome = WriteRefused | undefined;

/** A write that has not begun. */
interface Waiting {
  setting: Setting;
  readonly done: PromiseWithResolvers<Outcome>;
}

/**
 * The writes of one clock behind a slow back end: at most one is under way and one waits. Who asks while one waits takes
 * its place, since the last setting is the one that counts; both are then told what became of that.
 */
export class WriteQueue {
  readonly #write: (setting: Setting) => Promise<Outcome>;
  #busy = false;
  #waiting: Waiting | undefined;
  #idle = Promise.withResolvers<void>();

  constructor(write: (setting: Setting) => Promise<Outcome>) {
    this.#write = write;
  }

  /** Whether something is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Asks for a setting; answers when it is written, or refused. */
  ask(setting: Setting): Promise<Outcome> {
    if (!this.#busy) return this.run(() => this.#write(setting));
    if (this.#waiting === undefined) this.#waiting = { setting, done: Promise.withResolvers() };
    else this.#waiting.setting = setting;
    return this.#waiting.done.promise;
  }

  /** Does something else with the clock, which must not be busy; settings that are asked for meanwhile wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new Error("Expected a clock that is not busy");
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
      this.#next();
    }
  }

  /** Waits until nothing is under way or waiting. */
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

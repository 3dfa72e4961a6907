import { ControlError } from "../../admin/control.ts";

/**
 * The most steps, and the most time in ms, that all jobs together take in one turn of the event loop. Guests' packets
 * are handled in between.
 */
export const STEPS_PER_TURN = 32;
const SLICE_MS = 0.3;

/** A long job in short steps: it yields after each step. A job that yields a promise continues when that is settled. */
export type Job<T> = Generator<Promise<unknown> | undefined, T>;

/** A job that has not ended. */
interface WaitingJob {
  /** Runs one slice of the job, and returns whether it ended, waits or continues. */
  goOn(): "over" | "more" | Promise<unknown>;
  end(error: Error): void;
}

/** Runs long jobs slice by slice. All of them share one slice in each turn of the event loop. */
export class LoopSlices {
  /** Jobs that wait for their next slice. */
  readonly #waiting: WaitingJob[] = [];
  /** Jobs that wait for a promise. */
  readonly #parked = new Set<WaitingJob>();
  #steps = 0;
  #beganMs = 0;
  #isTurnDue = false;
  #closed = false;
  readonly #nowMs: () => number;

  /** `nowMs` is called at every step. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Runs a job. The result is returned at once if the job ends within this turn. */
  run<T>(job: Job<T>): T | Promise<T> {
    if (this.#closed) throw stopping();
    const first = this.#waiting.length === 0 ? this.#slice(job) : undefined;
    if (first?.done === true) return first.value;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const goOn = () => {
      try {
        const result = this.#slice(job);
        if (result.done !== true) return result.value ?? "more";
        resolve(result.value);
      } catch (error) {
        reject(error);
      }
      return "over";
    };
    this.#continue({ goOn, end: reject }, first?.value ?? "more");
    return promise;
  }

  /** Continues a job in a later turn, or when its promise is settled. */
  #continue(job: WaitingJob, came: ReturnType<WaitingJob["goOn"]>): void {
    if (came === "over") return;
    if (this.#closed) return job.end(stopping());
    if (came === "more") {
      this.#waiting.push(job);
      this.#requestTurn();
      return;
    }
    this.#parked.add(job);
    const unpark = () => {
      if (this.#parked.delete(job)) this.#continue(job, "more");
    };
    void came.then(unpark, unpark);
  }

  /** Ends all jobs: after clocks were restored, nothing may change a CPU. */
  close(): void {
    this.#closed = true;
    for (const { end } of [...this.#waiting.splice(0), ...this.#parked]) end(stopping());
    this.#parked.clear();
  }

  #slice<T>(job: Job<T>): IteratorResult<Promise<unknown> | undefined, T> {
    while (this.#hasRoom()) {
      this.#steps++;
      const result = job.next();
      if (result.done === true || result.value !== undefined) return result;
    }
    return { done: false, value: undefined };
  }

  #hasRoom(): boolean {
    if (!this.#isTurnDue) {
      this.#steps = 0;
      this.#beganMs = this.#nowMs();
      this.#requestTurn();
    }
    return this.#steps < STEPS_PER_TURN && this.#nowMs() - this.#beganMs < SLICE_MS;
  }

  #requestTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#turn());
  }

  /** Jobs take turns: the one that used up the slice goes to the end of the queue. */
  #turn(): void {
    this.#isTurnDue = false;
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      const came = first.goOn();
      this.#continue(first, came);
      if (came === "more") break;
    }
    if (this.#waiting.length > 0) this.#requestTurn();
  }
}

/** Runs a whole job in this turn. */
export function finish<T>(job: Job<T>): T {
  for (;;) {
    const result = job.next();
    if (result.done === true) return result.value;
  }
}

/** Maps items, one item per step. */
export function* eachStep<T, R>(items: Iterable<T>, make: (item: T) => R): Job<R[]> {
  const made: R[] = [];
  for (const item of items) {
    made.push(make(item));
    yield;
  }
  return made;
}

function stopping(): ControlError {
  return new ControlError("Refused", { reason: "The daemon is stopping" });
}

import { type Backoff, backoffMs } from "../base/backoff.ts";
import type { Log } from "../base/log.ts";
import type { HypervisorStatus } from "./hypervisor.ts";

/** A connection that lasted less, in ms, counts as a failed attempt, so the next wait is longer. */
const STABLE_MS = 60_000;

/** What a {@link Link} needs. */
export interface LinkOptions {
  readonly log: Log;
  /** Called when the driver is connected for the first time. */
  ready(): void;
  /** Called when {@link Link.state} may have changed, before `ready`. */
  changed?(): void;
}

/** How a driver stands to its hypervisor. Each trouble is logged once. */
export class Link {
  readonly #options: LinkOptions;
  state: HypervisorStatus["state"] = "connecting";
  /** Why it is not connected, with the remedy. */
  problem: string | undefined;
  isClosed = false;
  #isReady = false;
  #wake: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Everything was reported. `notice` is logged if it was not connected before. */
  connected(notice: string): void {
    const { log, ready, changed } = this.#options;
    if (this.state !== "connected") log.notice(notice);
    this.state = "connected";
    this.problem = undefined;
    changed?.();
    if (this.#isReady) return;
    this.#isReady = true;
    ready();
  }

  trouble(problem: string): void {
    const { log, changed } = this.#options;
    if (this.problem !== problem) log.warning(problem);
    this.state = "unreachable";
    this.problem = problem;
    changed?.();
  }

  /** Connects again and again, until it is closed. `follow` resolves with the reason when its connection has ended. */
  async keep(
    follow: () => Promise<string>,
    { backoff, stableMs = STABLE_MS }: { readonly backoff: Backoff; readonly stableMs?: number },
  ): Promise<void> {
    for (let attempt = 1; !this.isClosed; attempt++) {
      const since = performance.now();
      const reason = await follow();
      if (this.isClosed) return;
      this.trouble(reason);
      if (performance.now() - since >= stableMs) attempt = 1;
      await this.#pause(backoffMs(backoff, attempt));
    }
  }

  /** Ends the wait for the next attempt. */
  retry(): void {
    this.#wake();
  }

  close(): void {
    this.isClosed = true;
    this.#wake();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

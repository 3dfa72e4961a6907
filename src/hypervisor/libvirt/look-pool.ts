import type { DomainRef } from "./messages.ts";
import { BOUND } from "./protocol.ts";
import { IN_FLIGHT_MAX } from "./rpc.ts";

/** A domain to look at. */
export interface LookRequest {
  readonly ref: DomainRef;
  /** Whether to report it even if nothing changed. */
  readonly repeat: boolean;
}

/**
 * Looks at domains, a few at a time. Hints for the same domain are joined: those that arrive before the look starts, or
 * during it, cause one further look.
 */
export class LookPool {
  readonly #look: (request: LookRequest) => Promise<void>;
  readonly #settleMs: number;
  readonly #looking = new Set<string>();
  readonly #hinted = new Map<string, LookRequest>();
  readonly #queue = new Map<string, LookRequest>();
  /** Resolvers of looks that have not begun. */
  readonly #done = new Map<string, PromiseWithResolvers<void>>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(look: (request: LookRequest) => Promise<void>, settleMs: number) {
    this.#look = look;
    this.#settleMs = settleMs;
  }

  /** Looks after the burst of hints has settled. */
  soon(request: LookRequest): void {
    // Only a hostile libvirtd exceeds the bound. The next list finds the domains that are left out.
    if (this.#stopped || this.#hinted.size >= BOUND.domains) return;
    add(this.#hinted, request);
    this.#timer ??= setTimeout(() => this.#settle(), this.#settleMs);
  }

  /** Looks as soon as there is a free place; resolves when that is done. */
  now(request: LookRequest): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    add(this.#queue, request);
    const { uuid } = request.ref;
    const done = this.#done.get(uuid) ?? Promise.withResolvers<void>();
    this.#done.set(uuid, done);
    this.#fill();
    return done.promise;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#hinted.clear();
    this.#queue.clear();
    for (const { resolve } of this.#done.values()) resolve();
    this.#done.clear();
  }

  #settle(): void {
    this.#timer = undefined;
    for (const request of this.#hinted.values()) add(this.#queue, request);
    this.#hinted.clear();
    this.#fill();
  }

  #fill(): void {
    for (const [uuid, request] of this.#queue) {
      if (this.#looking.size >= IN_FLIGHT_MAX) return;
      if (this.#looking.has(uuid)) continue;
      this.#queue.delete(uuid);
      this.#looking.add(uuid);
      const done = this.#done.get(uuid);
      this.#done.delete(uuid);
      void this.#look(request).then(() => {
        done?.resolve();
        this.#looking.delete(uuid);
        this.#fill();
      });
    }
  }
}

function add(requests: Map<string, LookRequest>, { ref, repeat }: LookRequest): void {
  requests.set(ref.uuid, { ref, repeat: repeat || (requests.get(ref.uuid)?.repeat ?? false) });
}

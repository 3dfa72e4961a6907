import type { DomainRef } from "./messages.ts";
import type { Rpc } from "./rpc.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** A domain whose statistics could not be had in time is not asked for this long, in ms: its emulator may hang. */
const REST_MS = 60_000;

/** Domains that are remembered to rest; past it all are asked again. */
const RESTING_MAX = 1024;

/** One question about a domain. */
export interface Question<T> {
  readonly procedure: number;
  readonly args: Uint8Array;
  readonly read: (reader: XdrReader) => T;
}

/**
 * Asks for statistics of domains. One call is under way at a time, and none while libvirt still works on one that took too
 * long, so that the calls that follow domains never wait for it.
 */
export class SingleCalls {
  readonly #restsUntilMs = new Map<string, number>();
  #asking = false;

  /** Asks; undefined if libvirt does not tell. */
  async ask<T>(rpc: Rpc, domain: DomainRef, { procedure, args, read }: Question<T>): Promise<T | undefined> {
    const nowMs = performance.now();
    if (this.#asking || rpc.stuck > 0 || (this.#restsUntilMs.get(domain.uuid) ?? 0) > nowMs) return undefined;
    this.#asking = true;
    const answer = await rpc.call(procedure, args, read);
    this.#asking = false;
    if (answer.ok) return answer.value;
    if (answer.why.kind === "slow") {
      if (this.#restsUntilMs.size >= RESTING_MAX) this.#restsUntilMs.clear();
      this.#restsUntilMs.set(domain.uuid, nowMs + REST_MS);
    }
    return undefined;
  }
}

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
  readonly #withoutMs: number;
  #asking = false;

  /** A domain of which libvirt does not tell what was asked is not asked again for `withoutMs`, in the same run. */
  constructor({ withoutMs }: { readonly withoutMs: number } = { withoutMs: 0 }) {
    this.#withoutMs = withoutMs;
  }

  /** Asks; undefined if libvirt does not tell. */
  async ask<T>(rpc: Rpc, domain: DomainRef, { procedure, args, read }: Question<T>): Promise<T | undefined> {
    const nowMs = performance.now();
    const run = `${domain.uuid} ${domain.id}`;
    if (this.#asking || rpc.stuck > 0 || (this.#restsUntilMs.get(run) ?? 0) > nowMs) return undefined;
    this.#asking = true;
    const answer = await rpc.call(procedure, args, read);
    this.#asking = false;
    if (answer.ok && answer.value !== undefined) return answer.value;
    if (answer.ok || answer.why.kind === "refused") this.#rest(run, nowMs + this.#withoutMs);
    else if (answer.why.kind === "slow") this.#rest(run, nowMs + REST_MS);
    return undefined;
  }

  #rest(run: string, untilMs: number): void {
    if (untilMs <= performance.now()) return;
    if (this.#restsUntilMs.size >= RESTING_MAX) this.#restsUntilMs.clear();
    this.#restsUntilMs.set(run, untilMs);
  }
}

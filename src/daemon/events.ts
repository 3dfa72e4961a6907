import type { Subscriber } from "../admin/control.ts";
import type { Event, Exiting } from "../admin/control-types.ts";
import type { Refusal } from "../arbiter/refusal.ts";
import type { Khz } from "../base/domain.ts";
import type { Scale } from "../wire/packet.ts";
import { Sampler } from "./sampler.ts";

/** What came of a request that was granted. */
export interface Grant {
  /** What holds now; undefined for the baseline. */
  readonly khz: Khz | undefined;
  /** The rule that held it back, if one did. */
  readonly bound: string | undefined;
}

/** Tells subscribers what happens; costs nothing while there is none. */
export class Events {
  readonly #subscribers = new Set<Subscriber>();
  readonly #grantOf: (vm: string, request: Scale) => Grant;
  readonly #requests = new Sampler();
  readonly #policies = new Sampler();

  /** `grantOf` is asked what a claimant has after its request. */
  constructor(grantOf: (vm: string, request: Scale) => Grant) {
    this.#grantOf = grantOf;
  }

  /** Whether anybody listens: on a packet's way nothing is made for nobody. */
  get wanted(): boolean {
    return this.#subscribers.size > 0;
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  tell(kind: Event["kind"], message: string, about: Partial<Event> = {}): void {
    if (!this.wanted) return;
    const event: Event = { atMs: Date.now(), kind, message, ...about };
    for (const subscriber of this.#subscribers) subscriber.send(event);
  }

  /** A guest's request was decided on. */
  request(vm: string, request: Scale, refusal: Refusal | undefined, atMs: number): void {
    const of = this.#requests.take(atMs);
    if (of === undefined) return;
    const { resource, action, physical } = request;
    const asker = `${vm}${physical ? " (CPU)" : ""}:${resource}`;
    const grant = refusal === undefined ? this.#grantOf(vm, request) : undefined;
    this.tell("request", `${asker} asked ${action}: ${outcomeText(refusal, grant)}${manyText(of)}`, {
      atMs,
      vm,
      vcpu: physical ? undefined : resource,
      asked: action,
      khz: grant?.khz,
      accepted: grant !== undefined,
      outcome: grant === undefined ? "refused" : grant.bound === undefined ? "granted" : "bounded",
      of: of === 1 ? undefined : of,
    });
  }

  /** A guest sent a policy of its own. */
  policy(vm: string, refusal: Refusal | undefined): void {
    const of = this.#policies.take(Date.now());
    if (of === undefined) return;
    const accepted = refusal === undefined;
    this.tell("policy", `${vm} sent a guest policy: ${refusal?.reason ?? "accepted"}${manyText(of)}`, {
      vm,
      accepted,
      outcome: accepted ? "granted" : "refused",
      of: of === 1 ? undefined : of,
    });
  }

  /** The last word to everybody. */
  end(exiting: Exiting): void {
    const { reason, detail, failed, onExit } = exiting;
    const done = failed.length === 0 ? `OnExit=${onExit} is done` : `${failed.length} not put back`;
    const message = `exiting: ${reason} (${detail}); ${done}`;
    const event: Event = { atMs: Date.now(), kind: "exiting", message, exiting };
    for (const subscriber of this.#subscribers) subscriber.end(event);
    this.#subscribers.clear();
  }
}

function outcomeText(refusal: Refusal | undefined, grant: Grant | undefined): string {
  if (refusal !== undefined) return refusal.reason;
  const speed = grant?.khz === undefined ? "baseline" : `${grant.khz} kHz`;
  return grant?.bound === undefined ? speed : `${speed}, ${grant.bound}`;
}

function manyText(of: number): string {
  return of === 1 ? "" : ` (1 of ${of})`;
}

import type { Subscriber } from "../admin/control.ts";
import type { Event } from "../admin/control-types.ts";
import type { Refusal } from "../arbiter/refusal.ts";
import type { Khz } from "../base/domain.ts";
import type { Scale } from "../wire/packet.ts";

/** Tells subscribers what happens; costs nothing while there is none. */
export class Events {
  readonly #subscribers = new Set<Subscriber>();
  readonly #khzOf: (vm: string, request: Scale) => Khz | undefined;

  /** `khzOf` is asked what holds for a claimant after its request. */
  constructor(khzOf: (vm: string, request: Scale) => Khz | undefined) {
    this.#khzOf = khzOf;
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

  request(vm: string, request: Scale, refusal: Refusal | undefined, atMs: number): void {
    const { resource, action, physical } = request;
    const asker = `${vm}${physical ? " (CPU)" : ""}:${resource}`;
    const khz = refusal === undefined ? this.#khzOf(vm, request) : undefined;
    const outcome = refusal?.reason ?? (khz === undefined ? "baseline" : `${khz} kHz`);
    const message = `${asker} asked ${action}: ${outcome}`;
    const accepted = refusal === undefined;
    this.tell("request", message, { atMs, vm, vcpu: physical ? undefined : resource, khz, accepted });
  }

  /** The last word to everybody. */
  end(message: string): void {
    const event: Event = { atMs: Date.now(), kind: "daemon", message };
    for (const subscriber of this.#subscribers) subscriber.end(event);
    this.#subscribers.clear();
  }
}

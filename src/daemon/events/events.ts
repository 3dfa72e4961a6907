import type { Subscriber } from "../../admin/control.ts";
import type { Event, Exiting } from "../../admin/control-types.ts";
import type { PolicyView } from "../../arbiter/policy-view.ts";
import type { GrantView, Refusal } from "../../arbiter/view.ts";
import { formatKhz } from "../../base/format-khz.ts";
import type { Now } from "../../base/now.ts";
import type { Scale } from "../../wire/packet.ts";
import type { TurnClock } from "../turn-clock.ts";
import { refusalText } from "../words/refusal-text.ts";
import { ruleText } from "../words/rule-text.ts";
import { Sampler } from "./sampler.ts";

/** Sends events to subscribers. Without a subscriber none is made of a request. */
export class Events {
  readonly #subscribers = new Set<Subscriber>();
  readonly #grantOf: (vm: string, request: Scale) => GrantView;
  readonly #time: TurnClock;
  readonly #requests = new Sampler();
  readonly #policies = new Sampler();

  readonly #keep: (event: Event) => void;

  /** `grantOf` returns what a vCPU has after its request. `keep` is told every event that is not a request. */
  constructor(
    time: TurnClock,
    grantOf: (vm: string, request: Scale) => GrantView,
    keep: (event: Event) => void = () => {},
  ) {
    this.#time = time;
    this.#grantOf = grantOf;
    this.#keep = keep;
  }

  /** Whether there is a subscriber. Checked before anything is made while a packet is handled. */
  get wanted(): boolean {
    return this.#subscribers.size > 0;
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  publish(kind: Event["kind"], message: string, about: Partial<Event> = {}): void {
    const event: Event = { atMs: this.#time().wallMs, kind, message, ...about };
    if (kind !== "request") this.#keep(event);
    for (const subscriber of this.#subscribers) subscriber.send(event);
  }

  /** A guest's request was decided. */
  request(vm: string, request: Scale, refusal: Refusal | undefined, now: Now): void {
    const of = this.#requests.take(now.monoMs);
    if (of === undefined) return;
    const { resource, action, physical } = request;
    const asker = `${vm}${physical ? " (CPU)" : ""}:${resource}`;
    const grant = refusal === undefined ? this.#grantOf(vm, request) : undefined;
    this.publish("request", `${asker} asked ${action}: ${outcomeText(refusal, grant)}${manyText(of)}`, {
      atMs: now.wallMs,
      vm,
      vcpu: physical ? undefined : resource,
      asked: action,
      khz: grant?.khz,
      accepted: grant !== undefined,
      outcome: grant === undefined ? "refused" : grant.bound === undefined ? "granted" : "bounded",
      of: of === 1 ? undefined : of,
    });
  }

  /** A guest sent a policy. */
  policy(vm: string, refusal: Refusal | undefined, now: Now): void {
    const of = this.#policies.take(now.monoMs);
    if (of === undefined) return;
    const accepted = refusal === undefined;
    this.publish(
      "policy",
      `${vm} sent a guest policy: ${refusal === undefined ? "accepted" : refusalText(refusal)}${manyText(of)}`,
      {
        vm,
        accepted,
        outcome: accepted ? "granted" : "refused",
        of: of === 1 ? undefined : of,
      },
    );
  }

  /** Guest policies want something else, because of the time or the traffic. */
  policiesTurned(policies: readonly PolicyView[]): void {
    for (const { vm, rule, speed } of policies)
      this.publish("policy", `the guest policy of ${vm} by ${rule.kind} wants ${speed ?? "nothing"} now`, {
        vm,
      });
  }

  /** Sends the last event to every subscriber. */
  end(exiting: Exiting): void {
    const { reason, detail, failed, onExit } = exiting;
    const done = failed.length === 0 ? `OnExit=${onExit} is done` : `${failed.length} not restored`;
    const message = `exiting: ${reason} (${detail}); ${done}`;
    const event: Event = { atMs: this.#time().wallMs, kind: "exiting", message, exiting };
    this.#keep(event);
    for (const subscriber of this.#subscribers) subscriber.end(event);
    this.#subscribers.clear();
  }
}

function outcomeText(refusal: Refusal | undefined, grant: GrantView | undefined): string {
  if (refusal !== undefined) return refusalText(refusal);
  const speed = grant?.khz === undefined ? "baseline" : formatKhz(grant.khz);
  return grant?.bound === undefined ? speed : `${speed}, ${ruleText(grant.bound)}`;
}

function manyText(of: number): string {
  return of === 1 ? "" : ` (1 of ${of})`;
}

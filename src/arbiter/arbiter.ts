import type { Clock } from "../base/clock.ts";
import type { Domain, Pcpu, Vcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import type { Result } from "../base/result.ts";
import type { Query, Scale } from "../wire/packet.ts";
import { type Answer, answer } from "./answer.ts";
import { ask } from "./ask.ts";
import { claimsOf, detach } from "./attach.ts";
import { Decided, follow, keep, refuse, takeBack } from "./change.ts";
import type { ClockState } from "./claim.ts";
import { Ends } from "./ends.ts";
import { lookAtClock, lookAtDomain, lookAtGrant, lookAtVcpu } from "./look.ts";
import { operate } from "./operate.ts";
import type { MultiPin } from "./placement.ts";
import { resume, savedWants } from "./saved-want.ts";
import { Seats } from "./seats.ts";
import { NO_WRITES, settle } from "./settle.ts";
import type * as view from "./view.ts";

/**
 * Who gets which speed. Told of domains, clocks and requests, it answers with a change: what should hold now. It never
 * acts itself; each change is told what came of it, with {@link commit} or {@link rollback}.
 */
export class Arbiter {
  readonly #ends = new Ends();
  readonly #seats: Seats;

  constructor(pinning: MultiPin) {
    this.#seats = new Seats(pinning, this.#ends);
  }

  /** Decides on one request of a domain's guest. */
  scale(name: string, request: Scale, now: Now): view.Change {
    const claimant = this.#seats.claimant(name, request);
    const change = "code" in claimant ? refuse(claimant) : ask(claimant, request.action, now);
    if (change.refusal !== undefined) this.#remember(name, request, change.refusal, now);
    return change;
  }

  /** An operator orders a CPU's clock by hand. */
  operate(pcpu: Pcpu, order: view.Order, options: view.OrderOptions): view.Change {
    const state = this.#seats.clocks.get(pcpu);
    return state === undefined ? refuse({ code: "cpu-not-managed", pcpu }) : operate(state, order, options);
  }

  /** The kernel took the writes of a change, all but those that are named. Those are written again some time. */
  commit(change: view.Change, refused: readonly view.ChangeWrite[] = NO_WRITES): void {
    for (const write of change.writes) {
      const state = this.#seats.clocks.get(write.clock);
      if (state === undefined) continue;
      // Something newer was decided while this was under way: its own answer says what holds.
      if (state.decided !== write.setting && state.decided !== undefined) continue;
      const isRefused = refused.length > 0 && refused.includes(write);
      state.accepted = isRefused ? undefined : write.setting;
      state.decided = state.accepted;
    }
    if (change instanceof Decided) keep(change, this.#ends);
  }

  /**
   * The kernel refused a request's write, after it had taken the first `accepted` of them. Nothing of the request is
   * left; the change that is answered makes the clocks hold what they held before.
   */
  rollback(change: view.Change, { accepted, reason, now }: view.RefusedWrite): view.Change {
    if (!(change instanceof Decided)) return follow(NO_WRITES);
    const refusal: view.Refusal = { code: "kernel-refused", reason };
    const asked = change.steps[0]?.put?.asked;
    const { claimant } = change;
    if (claimant !== undefined && asked !== undefined)
      claimant.refused = { asked, atMs: now.wallMs, refusal };
    return {
      ...follow(takeBack(change, { accepted, refusal }, (pcpu) => this.#seats.clocks.get(pcpu))),
      refusal,
    };
  }

  /** Time went on: wants that have ended count no more. */
  tick(now: Now): view.Change {
    const ended = this.#ends.take(now.monoMs);
    const orders = ended.filter(({ want }) => want.source === "operator").map(({ clock }) => clock.clock.id);
    return follow(this.#settle(ended.map(({ clock }) => clock)), orders);
  }

  /** When the next {@link tick} is due, on the monotonic clock; undefined where none is. */
  dueAt(): number | undefined {
    return this.#ends.dueAt();
  }

  /** Another program's setting is left on a clock, until somebody asks for a speed there. */
  yielded(pcpu: Pcpu): void {
    const state = this.#seats.clocks.get(pcpu);
    if (state !== undefined) state.yielded = true;
  }

  /** What holds on the clocks is not known: all of them are {@link outstanding}. */
  distrust(): void {
    for (const state of this.#seats.clocks.values()) {
      state.accepted = undefined;
      state.decided = undefined;
    }
  }

  /** What the kernel refused before, and what is not known, is to be written again where `isDue` says so. */
  outstanding(isDue: (clock: Clock["id"]) => boolean = () => true): view.Change {
    const unknown = [...this.#seats.clocks.values()].filter(
      (state) => state.decided === undefined && isDue(state.clock.id),
    );
    return follow(settle(new Set(unknown)));
  }

  /** A domain exists, and this is all of it. Its wants follow it to other CPUs; those of a paused one end. */
  setDomain(domain: Domain, contract: view.Contract): view.Change {
    return follow(this.#settle(this.#seats.place(domain, contract)));
  }

  /** A domain exists no more, or is served no more. */
  removeDomain(name: string): view.Change {
    const state = this.#seats.domains.get(name);
    if (state === undefined) return follow(NO_WRITES);
    this.#seats.domains.delete(name);
    return follow(settle(detach(state)));
  }

  /** A domain's guest has left: what it asked for holds no more. */
  endRequests(name: string): view.Change {
    const touched = new Set<ClockState>();
    const state = this.#seats.domains.get(name);
    for (const { wants, clock } of state === undefined ? [] : claimsOf(state)) {
      wants.remove("request");
      touched.add(clock);
    }
    return follow(settle(touched));
  }

  /**
   * Restores what a domain's guest wanted of the arbiter of an earlier daemon, as far as it still may. Writes nothing: what
   * holds on those clocks is for the caller to say, with {@link distrust}.
   */
  takeOver(name: string, wants: readonly view.SavedWant[]): void {
    for (const want of wants) {
      const claimant = this.#seats.claimant(name, want);
      if (!("code" in claimant)) resume(claimant, want);
    }
  }

  /** What all guests want now, for {@link takeOver} of a later arbiter. */
  savedWants(): view.SavedWant[] {
    return savedWants(this.#seats.domains.values());
  }

  /** The host's clocks, all of them. Wants stay where their CPU stays; a clock that is new holds its baseline. */
  setClocks(clocks: readonly Clock[]): view.Change {
    this.#seats.setClocks(clocks);
    const { writes } = this.configure(this.#seats.pinning);
    return follow([...writes, ...settle(new Set(this.#seats.clocks.values()))]);
  }

  /** Places every domain again, because the clocks or the rules of placement changed. */
  configure(pinning: MultiPin): view.Change {
    this.#seats.pinning = pinning;
    return follow(this.#settle(this.#seats.placeAll()));
  }

  /** The domains that may claim, by name. */
  domainNames(): readonly string[] {
    return [...this.#seats.domains.keys()];
  }

  /** One domain as it is now. */
  domain(name: string): view.DomainView | undefined {
    const state = this.#seats.domains.get(name);
    return state && lookAtDomain(state);
  }

  /** One vCPU as it is now. */
  vcpu(name: string, vcpu: Vcpu): view.VcpuView | undefined {
    const claimant = this.#seats.domains.get(name)?.vcpus[vcpu];
    return claimant && lookAtVcpu(claimant);
  }

  /** The clock of a managed CPU as it is now. */
  clock(pcpu: Pcpu): view.ClockView | undefined {
    const state = this.#seats.clocks.get(pcpu);
    return state && lookAtClock(state);
  }

  /** What came of a request that was granted. */
  grant(name: string, request: Scale): view.GrantView {
    const claimant = this.#seats.claimant(name, request);
    return "code" in claimant ? { khz: undefined, bound: undefined } : lookAtGrant(claimant);
  }

  /** Answers a guest's query, within its contract. */
  answer(name: string, query: Query): Result<Answer, view.Refusal> {
    return answer(this.#seats.domains.get(name), query);
  }

  /** A clock that was replaced holds nothing any more; its successor is settled in its place. */
  #settle(clocks: Iterable<ClockState>): readonly view.ChangeWrite[] {
    return settle([...clocks].filter((state) => this.#seats.clocks.get(state.clock.id) === state));
  }

  #remember(name: string, request: Scale, refusal: view.Refusal, now: Now): void {
    const claimant = request.physical ? undefined : this.#seats.domains.get(name)?.vcpus[request.resource];
    if (claimant !== undefined) claimant.refused = { asked: request.action, atMs: now.wallMs, refusal };
  }
}

import type { LocalHour } from "../base/local-hour.ts";
import { Decided, follow, refuse, type Step, withdraw } from "./change.ts";
import type { Claimant, ClockState, DomainState } from "./claim.ts";
import { PolicyEntry } from "./policy-entry.ts";
import type { PolicyMoment, PolicyOrder, PolicyView, SavedPolicy } from "./policy-view.ts";
import { allows, putPolicyWants } from "./policy-want.ts";
import type { Seats } from "./seats.ts";
import { settle } from "./settle.ts";
import type { Change, Refusal } from "./view.ts";

/** The most policies that operators can add for one VM, beside the one that its guest sent. */
const ADDED_MAX = 15;

const NO_ENTRIES: readonly PolicyEntry[] = [];

/**
 * The guest policies in force, by the VM whose channel they came on. A policy stands until its VM ends. Its guest's own
 * policy is replaced by the next one, and ends with the guest's channels.
 */
export class GuestPolicies {
  readonly #seats: Seats;
  /** In order of precedence: those of operators before the guest's, the newest first. */
  readonly #byVm = new Map<string, readonly PolicyEntry[]>();
  #lastId = 0;
  #dueMs: number | undefined;

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** Puts a policy in force. A guest's policy also ends its earlier requests for the vCPUs that it names. */
  set(vm: string, order: PolicyOrder, moment: PolicyMoment): Change {
    const state = this.#seats.domains.get(vm);
    if (state === undefined) return refuse({ code: "unknown-domain" });
    const before = this.#of(vm);
    const others = order.by === undefined ? before.filter((entry) => entry.order.by !== undefined) : before;
    const named = this.#judge(state, order);
    if ("code" in named) return refuse(named);
    const entry = this.#entry(order, { atMs: moment.now.wallMs });
    // A guest that sends its policy again and again must not lose what was measured.
    if (order.by === undefined) entry.inherit(before.find((each) => each.order.by === undefined));
    entry.turn(moment.local);
    const after = order.by === undefined ? [...others, entry] : [entry, ...others];
    this.#store(vm, after);
    const steps = this.#apply(vm, before);
    for (const { clock, put } of steps)
      if (put !== undefined)
        clock.last = {
          atMs: put.atMs,
          by: put.holder,
          asked: put.asked,
          asker: undefined,
          refusal: undefined,
        };
    if (order.by === undefined) steps.push(...named.flatMap(endRequests));
    if (order.rule.kind === "time") this.#dueMs = hourEnd(moment);
    const writes = settle(new Set(steps.map(({ clock }) => clock)));
    const undo = () => {
      if (this.#byVm.get(vm) === after) this.#store(vm, before);
    };
    return new Decided(writes, steps, { claimant: undefined, dry: state.contract.dryRun === true, undo });
  }

  /** Ends a policy of a VM: that which its guest sent if no id is given. */
  remove(vm: string, which?: number): Change {
    return follow(
      settle(this.end(vm, ({ id, by }) => (which === undefined ? by === undefined : id === which))),
    );
  }

  /** Ends the policies of a VM that `is` chooses. Returns the clocks that they had a part in. */
  end(vm: string, is: (policy: { readonly id: number; readonly by: string | undefined }) => boolean) {
    const before = this.#of(vm);
    const after = before.filter(({ id, order }) => !is({ id, by: order.by }));
    if (after.length === before.length) return new Set<ClockState>();
    this.#store(vm, after);
    return clocksOf(this.#apply(vm, before));
  }

  /** Puts the wants of all policies of a domain again, because its vCPUs were placed or its contract changed. */
  placed(vm: string): void {
    if (this.#byVm.has(vm)) clocksOf(this.#apply(vm, NO_ENTRIES));
  }

  /** Computes again what each policy wants, because time has passed. */
  turn(moment: PolicyMoment): Change {
    const turned: PolicyView[] = [];
    const clocks = new Set<ClockState>();
    for (const [vm, entries] of this.#byVm) {
      const changed = entries.filter((entry) => entry.turn(moment.local));
      if (changed.length === 0) continue;
      for (const clock of clocksOf(this.#apply(vm, NO_ENTRIES))) clocks.add(clock);
      turned.push(...changed.map((entry) => this.#view(vm, entry)));
    }
    this.#schedule(moment);
    return { ...follow(settle(clocks)), turned };
  }

  /** Takes measured rates of received packets, by the policy's id; undefined where the source has vanished. */
  measured(rates: ReadonlyMap<number, number | undefined>, moment: PolicyMoment): Change {
    for (const entries of this.#byVm.values())
      for (const { id, gauge } of entries) if (rates.has(id)) gauge?.measured(rates.get(id));
    return this.turn(moment);
  }

  /** When {@link turn} is needed next, on the monotonic clock; undefined if no policy depends on the time. */
  dueAt(): number | undefined {
    return this.isEmpty ? undefined : this.#dueMs;
  }

  /** Whether no policy is in force. */
  get isEmpty(): boolean {
    return this.#byVm.size === 0;
  }

  /** The policies in force, of one VM or of all. */
  list(only?: string): PolicyView[] {
    const views: PolicyView[] = [];
    for (const [vm, entries] of only === undefined ? this.#byVm : [[only, this.#of(only)] as const])
      for (const entry of entries) views.push(this.#view(vm, entry));
    return views;
  }

  /** The policies that depend on traffic in this hour, of domains that run. */
  needingTraffic(local: LocalHour): PolicyView[] {
    const views: PolicyView[] = [];
    for (const [vm, entries] of this.#byVm) {
      if (this.#domain(vm).domain.state !== "running") continue;
      const needing = entries
        .filter((entry) => entry.needsTraffic(local))
        .map((entry) => this.#view(vm, entry));
      views.push(...needing.filter(({ isAllowed }) => isAllowed));
    }
    return views;
  }

  saved(): SavedPolicy[] {
    return [...this.#byVm].flatMap(([vm, entries]) => entries.map((entry) => entry.saved(vm)));
  }

  /** Restores the policies of a VM that the previous daemon saved, as far as they can be in force now. */
  resume(vm: string, saved: readonly SavedPolicy[], moment: PolicyMoment): void {
    if (!this.#seats.domains.has(vm) || this.#byVm.has(vm)) return;
    const entries = saved.slice(0, ADDED_MAX + 1).map(({ vm: _, atMs, speed, turbo, ...order }) => {
      const entry = this.#entry(order, { atMs, turbo });
      entry.gauge?.seed(speed);
      entry.turn(moment.local);
      return entry;
    });
    this.#store(vm, entries);
    clocksOf(this.#apply(vm, NO_ENTRIES));
    this.#schedule(moment);
  }

  /** The claimants that a policy names, or why it cannot be in force. */
  #judge(state: DomainState, order: PolicyOrder): Refusal | readonly Claimant[] {
    const added = this.#of(state.domain.name).filter(({ order: { by } }) => by !== undefined).length;
    if (!allows(state, order.rule.kind)) return { code: "policy-forbidden", kind: order.rule.kind };
    if (order.by !== undefined && added >= ADDED_MAX) return { code: "too-many-policies", max: ADDED_MAX };
    const named: Claimant[] = [];
    for (const resource of order.resources) {
      const claimant = this.#seats.claimant(state.domain.name, { resource, physical: order.physical });
      if ("code" in claimant) return claimant;
      named.push(claimant);
    }
    return named;
  }

  #entry(order: PolicyOrder, saved: Pick<SavedPolicy, "atMs" | "turbo">): PolicyEntry {
    this.#lastId++;
    return new PolicyEntry(this.#lastId, { ...order, resources: [...new Set(order.resources)] }, saved);
  }

  #of(vm: string): readonly PolicyEntry[] {
    return this.#byVm.get(vm) ?? NO_ENTRIES;
  }

  #store(vm: string, entries: readonly PolicyEntry[]): void {
    if (entries.length === 0) this.#byVm.delete(vm);
    else this.#byVm.set(vm, entries);
  }

  #apply(vm: string, also: readonly PolicyEntry[]): Step[] {
    return putPolicyWants(this.#domain(vm), { entries: this.#of(vm), also }, (resource, physical) =>
      this.#seats.seat(vm, { resource, physical }),
    );
  }

  #view(vm: string, entry: PolicyEntry): PolicyView {
    return entry.view(vm, allows(this.#domain(vm), entry.order.rule.kind));
  }

  /** A VM that has policies: they end with it. */
  #domain(vm: string): DomainState {
    return this.#seats.domains.get(vm) as DomainState;
  }

  #schedule(moment: PolicyMoment): void {
    let isTimed = false;
    for (const entries of this.#byVm.values())
      isTimed ||= entries.some(({ order }) => order.rule.kind === "time");
    this.#dueMs = isTimed ? hourEnd(moment) : undefined;
  }
}

function endRequests({ claims }: Claimant): Step[] {
  return claims.flatMap(({ clock, wants }) => withdraw(clock, wants, "request"));
}

/** When the hour ends, on the monotonic clock. */
function hourEnd({ now, local }: PolicyMoment): number {
  return now.monoMs + Math.max(0, local.endsAtMs - now.wallMs);
}

/** The clocks of steps that cannot be rolled back: the wants that they replaced are forgotten. */
function clocksOf(steps: readonly Step[]): Set<ClockState> {
  for (const { put } of steps) if (put !== undefined) put.before = undefined;
  return new Set(steps.map(({ clock }) => clock));
}

import type { Kernel } from "../machine/kernel.ts";
import type { Timeline } from "../machine/timeline.ts";
import { PARK_AFTER_SEC } from "../players/config.ts";
import type { Contract } from "../players/contract.ts";
import type { Action } from "../players/guest.ts";
import type { Vm } from "../players/vm.ts";
import type { Profile } from "../profile.ts";
import { ABSENT, Claim, SILENT } from "./claim.ts";
import { HostMemory } from "./host-memory.ts";
import { Orders } from "./orders.ts";
import { LocalHours, type Rule, wantedBy } from "./rules.ts";
import { bounded, firstStand, stepped, type Table, tableOf } from "./steps.ts";

// What must hold, by somebody who sees the truth and every answer, but not into the daemon. Where he cannot know yet what
// the daemon knows (libvirtd is slow, a CPU went away), everything possible is kept, until it is certain again.

/** More CPUs than this are no pinning: the daemon's default. */
const MULTI_PIN_MAX = 4;

/** The heartbeat, at which CPUs are parked, and what a start takes. */
const PARKED_MS = PARK_AFTER_SEC * 1000 + 15_000;

/** What a clock may be set to: the index of an entry, or as it was found. */
export type Setting = number | "found";

/** Everything that may hold. */
export class Model extends HostMemory {
  readonly table: Table;
  readonly claims = new Map<string, Claim>();
  readonly orders = new Orders();
  readonly #timeline: Timeline;
  readonly #hours: LocalHours;
  readonly #parks: boolean;
  /** Claims by the clocks on which they may be, until that changes. */
  #claimsOn: Map<number, Claim[]> | undefined;
  /** Since when the daemon must know that no VM may run on a clock. */
  readonly #freeSinceMs = new Map<number, number>();

  constructor(kernel: Kernel, timeline: Timeline, { zone, parks }: Profile) {
    super(kernel);
    this.#timeline = timeline;
    this.#hours = new LocalHours(timeline, zone);
    this.#parks = parks;
    this.table = tableOf(kernel.hardware);
  }

  starts(vm: Vm, isWild: boolean): void {
    this.#claimsOn = undefined;
    for (const claim of this.of(vm)) claim.add(ABSENT, SILENT);
    for (const vcpu of vm.pins.keys())
      this.claims.set(`${vm.name} ${vm.id} ${vcpu}`, new Claim(vm, vcpu, isWild));
  }

  /** No VM runs any more, and no daemon. */
  powerFails(): void {
    this.claims.clear();
    this.boots();
    this.orders.boots();
    this.#claimsOn = undefined;
    this.#freeSinceMs.clear();
  }

  /** All claims of a VM, of its earlier runs too as long as the daemon may not know that they are over. */
  of(vm: Vm): Claim[] {
    const claims: Claim[] = [];
    for (const claim of this.claims.values()) if (claim.vm === vm) claims.push(claim);
    return claims;
  }

  claimOf(vm: Vm, vcpu: number): Claim | undefined {
    return this.claims.get(`${vm.name} ${vm.id} ${vcpu}`);
  }

  /** What the daemon knows of a VM may differ from the truth from now on. */
  unsettle(vm: Vm): void {
    for (const claim of this.of(vm)) {
      claim.unsettle();
      const pins = vm.pins[claim.vcpu] ?? [];
      if (!claim.places.includes(pins)) this.#place(claim, [...claim.places, pins]);
    }
  }

  /** What its guest wants does not count from when the daemon knows that the VM is paused. */
  pauses(vm: Vm): void {
    for (const claim of this.of(vm)) {
      claim.add(ABSENT);
      claim.doubt();
    }
  }

  /** What its guest wanted before it was paused counts again from when the daemon knows that the VM runs. */
  resumes(vm: Vm): void {
    for (const claim of this.of(vm)) {
      claim.add(ABSENT, ...(claim.rest ?? []));
      claim.rest = undefined;
      claim.doubt();
    }
  }

  unsettleAll(): void {
    this.#freeSinceMs.clear();
    for (const vm of new Set([...this.claims.values()].map(({ vm }) => vm))) this.unsettle(vm);
  }

  /** The daemon ended, and handed over to the next. */
  restarts(): void {
    this.unsettleAll();
    for (const claim of this.claims.values()) claim.restarts(this.#nowMs);
  }

  /** All that guests asked for is forgotten: the daemon ended, and did not hand over. */
  forgetWants(): void {
    this.#freeSinceMs.clear();
    for (const claim of this.claims.values()) claim.forget();
  }

  /** A CPU came or went. */
  cpuSwitched(cpu: number): void {
    const clock = this.clockOf(cpu);
    this.#freeSinceMs.delete(clock);
    if (this.sharesClocks) this.orders.cpuSwitched({ clock, cpu }, this.kernel.isOnline[cpu] === true);
  }

  asked(vm: Vm, vcpu: number, action: Action): void {
    const claim = this.claimOf(vm, vcpu);
    claim?.asks(this.#after(claim, action, claim.askedAt(this.#nowMs)), this.#nowMs);
  }

  answered(vm: Vm, vcpu: number, action: Action, accepted: boolean): void {
    const claim = this.claimOf(vm, vcpu);
    claim?.isAnswered(this.#after(claim, action, claim.before), accepted, this.#nowMs);
  }

  /** A guest sent a policy for these vCPUs: it may be in force from now on. */
  policyAsked(vm: Vm, vcpus: readonly number[], rule: Rule): void {
    for (const claim of this.of(vm)) {
      if (claim.run !== vm.id) continue;
      claim.rules.add(vcpus.includes(claim.vcpu) ? rule : undefined);
      if (vcpus.includes(claim.vcpu)) claim.add(SILENT);
    }
  }

  policyAnswered(vm: Vm, vcpus: readonly number[], rule: Rule, accepted: boolean): void {
    for (const claim of this.of(vm)) {
      if (claim.run !== vm.id || !accepted) continue;
      if (vcpus.includes(claim.vcpu)) claim.follows(rule);
      else if (claim.isSettled) claim.rules = new Set([undefined]);
    }
  }

  /** Whether the contract of a VM lets its guest ask for that. */
  mayGrant({ contract }: Vm, action: Action): boolean {
    return contract.operations?.includes(action) !== false;
  }

  /** Whether a request that a guest was refused could have been granted, and nothing stood in its way. */
  mustGrant(vm: Vm, vcpu: number, action: Action | "policy"): boolean {
    const claim = this.claimOf(vm, vcpu);
    if (claim === undefined || !claim.isSettled || vm.state !== "running") return false;
    if (action === "turbo" && this.table.turbo === undefined) return false;
    if (action !== "policy" && !this.mayGrant(vm, action)) return false;
    const pins = this.#placed(claim, vm.pins[vcpu] ?? []);
    return pins.length > 0 && pins.every((cpu) => this.isUndisturbed(cpu));
  }

  /** The world was calm for long enough: the daemon knows the truth. */
  settle(): void {
    for (const [key, claim] of this.claims) {
      const { vm } = claim;
      if (vm.id !== claim.run || vm.state === "off") {
        this.claims.delete(key);
        this.#claimsOn = undefined;
        continue;
      }
      this.#settle(claim, vm.pins[claim.vcpu] ?? []);
    }
    for (const policy of this.kernel.policies()) this.memoryOf(policy).isDirty = false;
    for (let cpu = 0; cpu < this.hardware.cpus; cpu++)
      if (this.#on(this.clockOf(cpu)).length > 0) this.#freeSinceMs.delete(this.clockOf(cpu));
      else if (!this.#freeSinceMs.has(this.clockOf(cpu)))
        this.#freeSinceMs.set(this.clockOf(cpu), this.#nowMs);
  }

  /** What a clock may be set to. */
  possible(clock: number): Set<Setting> {
    const settings = new Set<Setting>();
    for (const index of this.orders.at(clock, this.#nowMs)) {
      if (index === undefined) for (const setting of this.#resolved(clock)) settings.add(setting);
      else settings.add(index);
    }
    return settings;
  }

  /** Whether a clock may change by itself in a span of time: an order or a lease ends, an hour begins, a CPU is parked. */
  turnsIn(clock: number, fromMs: number): boolean {
    if (this.orders.turnsIn(clock, fromMs, this.#nowMs)) return true;
    const hasRule = ({ rules }: Claim) => [...rules].some((rule) => rule?.kind === "time");
    const turns = (claim: Claim) => claim.turnsIn(fromMs, this.#nowMs) || hasRule(claim);
    return this.#on(clock).some(turns) || this.#mayBeParked(clock);
  }

  /** What is known of the claims on a clock, for a message. */
  describe(clock: number): string {
    const words = this.#on(clock).map((claim) => {
      const { vm, run, vcpu, places, rules, isSettled, isWild } = claim;
      const wants = [...claim.wantsAt(this.#nowMs)].map((state) =>
        state < 0 ? (state === SILENT ? "silent" : "absent") : `${state >> 1}${(state & 1) === 1 ? "t" : ""}`,
      );
      const where = places.map((cpus) => cpus.join(",")).join(" or ");
      const ruled = [...rules].map((rule) => rule?.kind).join("|");
      const what = isWild ? "anything" : wants.join("|");
      return `${vm.name}:${vcpu} run ${run} on ${where} wants ${what}${isSettled ? "" : "?"} ${ruled} ${JSON.stringify(vm.contract)}`;
    });
    return [...words, `orders ${[...this.orders.at(clock, this.#nowMs)].join("|")}`].join("; ");
  }

  get #nowMs(): number {
    return this.#timeline.nowMs;
  }

  #settle(claim: Claim, pins: readonly number[]): void {
    const { vm } = claim;
    if (claim.places.length !== 1 || claim.places[0] !== pins) this.#place(claim, [pins]);
    claim.isSettled = true;
    const isPlaced = this.#placed(claim, pins).length > 0;
    if (!isPlaced) claim.rest = undefined;
    else if (vm.state === "paused")
      claim.rest ??= new Set([...claim.states].filter((state) => state !== ABSENT));
    if (vm.state === "running" && isPlaced)
      for (const states of [claim.states, claim.before]) states.delete(ABSENT);
    else claim.states = claim.before = new Set([ABSENT]);
    if (claim.states.size === 0) claim.states = claim.before = new Set([SILENT]);
  }

  /** The highest want wins; a vCPU that is pinned there and never asked holds the speed that was found. */
  #resolved(clock: number): Set<Setting> {
    let outcomes = new Set([NOBODY]);
    for (const claim of this.#on(clock)) {
      const options = this.#optionsOf(claim, clock);
      if (options.size === 1 && options.has(NOBODY)) continue;
      const next = new Set<number>();
      for (const outcome of outcomes) for (const option of options) next.add(joined(outcome, option));
      outcomes = next;
    }
    const foundKhz = this.foundKhz(clock);
    const isBlurred = this.isBlurred(clock);
    const settings = new Set<Setting>();
    for (const outcome of outcomes) {
      const index = outcome >> 1;
      const khz = this.table.khz[index];
      const isSlower = index > 0 && khz !== undefined && khz < foundKhz;
      const isSilent = (outcome & 1) === 1;
      if (khz === undefined && this.#mayBeParked(clock)) settings.add(this.table.khz.length - 1);
      if (khz === undefined && this.#mustBeParked(clock)) continue;
      if (khz === undefined || (isSilent && (isSlower || isBlurred))) settings.add("found");
      if (khz !== undefined && (!isSilent || !isSlower || isBlurred)) settings.add(index);
    }
    return settings;
  }

  /** No vCPU that is plugged in may run there, as far as the daemon must know. */
  #mayBeParked(clock: number): boolean {
    const isThere = (cpu: number) => this.clockOf(cpu) === clock && this.kernel.isOnline[cpu] === true;
    const uses = ({ vm, vcpu, isSettled, places }: Claim) =>
      isSettled && vcpu < vm.online && vm.state !== "off" && places.flat().some(isThere);
    return this.#parks && !this.#on(clock).some(uses);
  }

  #mustBeParked(clock: number): boolean {
    const freeMs = this.#nowMs - (this.#freeSinceMs.get(clock) ?? this.#nowMs);
    return this.#parks && this.#on(clock).length === 0 && freeMs > PARKED_MS;
  }

  #place(claim: Claim, places: Claim["places"]): void {
    claim.places = places;
    this.#claimsOn = undefined;
  }

  /** The claims that may be on a clock. */
  #on(clock: number): readonly Claim[] {
    if (this.#claimsOn === undefined) {
      this.#claimsOn = new Map();
      for (const claim of this.claims.values())
        for (const one of new Set(claim.places.flat().map((cpu) => this.clockOf(cpu)))) {
          const there = this.#claimsOn.get(one);
          if (there === undefined) this.#claimsOn.set(one, [claim]);
          else there.push(claim);
        }
    }
    return this.#claimsOn.get(clock) ?? [];
  }

  /** What a claim may add to a clock. */
  #optionsOf(claim: Claim, clock: number): Set<number> {
    const options = new Set<number>();
    let isElsewhere = false;
    for (const place of claim.places) {
      const cpus = place.length > MULTI_PIN_MAX ? [] : place;
      if (!cpus.some((cpu) => this.clockOf(cpu) === clock)) {
        isElsewhere = true;
        continue;
      }
      if (claim.isWild) {
        options.add(NOBODY);
        options.add(NOBODY | 1);
        for (const index of this.table.khz.keys()) options.add(index << 1);
        continue;
      }
      const silent = cpus.length === 1 ? NOBODY | 1 : NOBODY;
      for (const state of claim.wantsAt(this.#nowMs)) {
        if (state === ABSENT) options.add(NOBODY);
        else if (state !== SILENT) options.add((state >> 1) << 1);
        else for (const index of this.#ruled(claim)) options.add(index === undefined ? silent : index << 1);
      }
    }
    if (isElsewhere) options.add(NOBODY);
    return options;
  }

  /** The entries that the policies of a claim may want; undefined if none wants any. */
  #ruled({ rules, vm }: Claim): Set<number | undefined> {
    const wanted = new Set<number | undefined>();
    for (const rule of rules)
      for (const index of rule === undefined
        ? [undefined]
        : wantedBy(rule, this.table, this.#hours.possible()))
        wanted.add(index === undefined ? undefined : bounded(this.table, vm.contract, index));
    return wanted;
  }

  #after(claim: Claim, action: Action, states: ReadonlySet<number>): Set<number> {
    const { vm, vcpu, isSettled } = claim;
    const from = new Set(states);
    // The daemon may still take it for an earlier run of the same VM.
    if (!isSettled)
      for (const other of this.of(vm))
        if (other.vcpu === vcpu) for (const state of other.states) from.add(state);
    const after = new Set<number>();
    if (!this.mayGrant(vm, action)) return after;
    for (const state of from) {
      if (state === ABSENT) continue;
      const stands =
        state === SILENT
          ? this.#firstStands(claim, vm.contract)
          : [{ index: state >> 1, turbo: (state & 1) === 1 }];
      for (const stand of stands) {
        const next = stepped(this.table, stand, action);
        if (next !== undefined)
          after.add((bounded(this.table, vm.contract, next.index) << 1) | (next.turbo ? 1 : 0));
      }
    }
    return after;
  }

  /** Where a vCPU stands before it asks: at the highest speed, or where a policy may have put it. */
  #firstStands(claim: Claim, contract: Contract) {
    const first = firstStand(this.table);
    const stands = [{ index: bounded(this.table, contract, first.index), turbo: first.turbo }];
    for (const index of this.#ruled(claim))
      if (index !== undefined) stands.push({ index, turbo: false }, { index, turbo: true });
    return stands;
  }

  /** The CPUs that a vCPU is scaled with: all that it is pinned to, or none. */
  #placed({ vcpu, vm }: Claim, pins: readonly number[]): readonly number[] {
    if (vcpu >= vm.online || pins.length > MULTI_PIN_MAX) return [];
    return pins.every((cpu) => this.kernel.isOnline[cpu] && this.kernel.policyOf[cpu] !== undefined)
      ? pins
      : [];
  }
}

/** An outcome is the best index of a clock, twice, and one more if a silent vCPU is pinned there. */
const NOBODY = 255 << 1;

function joined(a: number, b: number): number {
  return (Math.min(a >> 1, b >> 1) << 1) | ((a | b) & 1);
}

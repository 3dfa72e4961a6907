import type { Hardware, Kernel, Policy, PolicyState } from "../machine/kernel.ts";
import type { Action } from "../players/guest.ts";
import type { Vm } from "../players/vm.ts";
import { firstStand, type Stand, stepped, type Table, tableOf } from "./steps.ts";

// What must hold, by somebody who sees the truth and every answer, but not into the daemon. Where he cannot know yet what
// the daemon knows (libvirtd is slow, a CPU went away), everything possible is kept, until it is certain again.

/** A vCPU that never asked; one that does not count; any of the table's entries, twice as many with turbo. */
const SILENT = -1;
const ABSENT = -2;

/** More CPUs than this are no pinning: the daemon's default. */
const MULTI_PIN_MAX = 4;

/** What is possible for one vCPU of one run of a VM. */
export interface Claim {
  readonly vm: Vm;
  readonly run: number;
  readonly vcpu: number;
  /** What it may want, with a request that was not answered yet. */
  states: Set<number>;
  /** Likewise without that request. */
  before: Set<number>;
  /** Where it may run, as far as the daemon may know. */
  places: readonly (readonly number[])[];
  /** While the VM is paused, what it wanted and wants again when it runs. */
  rest: Set<number> | undefined;
  /** Whether the daemon must know by now where it runs. */
  isSettled: boolean;
  /** What it sends cannot be followed. */
  isWild: boolean;
}

/** What is known of one cpufreq policy. */
export interface PolicyMemory {
  /** How it was found, or how another program left it while the daemon did not hold it. */
  found: PolicyState;
  /** Whether the daemon changed it. */
  isHeld: boolean;
  /** Another program wrote, or the kernel refused: it is right again only when the world was calm for a while. */
  isDirty: boolean;
  /** The daemon may have taken it for another original state than this one. */
  isBlurred: boolean;
  /** Writes of other programs while the daemon held it. */
  fights: number;
}

/** What a clock may be set to: the index of an entry, or as it was found. */
export type Setting = number | "found";

/** Everything that may hold. */
export class Model {
  readonly table: Table;
  readonly claims = new Map<string, Claim>();
  /** Orders of operators that guests cannot change, by clock; an empty list is none, and several are possible. */
  readonly holds = new Map<number, readonly (number | undefined)[]>();
  readonly #kernel: Kernel;
  readonly #memory = new WeakMap<Policy, PolicyMemory>();
  /** Claims by the clocks on which they may be, until that changes; policies by clock, until one comes or goes. */
  #claimsOn: Map<number, Claim[]> | undefined;
  #policiesOn: { readonly all: readonly Policy[]; readonly by: Map<number, Policy[]> } | undefined;
  readonly #hardware: Hardware;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#hardware = kernel.hardware;
    this.table = tableOf(kernel.hardware);
  }

  memoryOf(policy: Policy): PolicyMemory {
    let memory = this.#memory.get(policy);
    if (memory === undefined) {
      const found = { ...policy.initial };
      memory = { found, isHeld: false, isDirty: false, isBlurred: false, fights: 0 };
      this.#memory.set(policy, memory);
    }
    return memory;
  }

  /** The policies that share a clock with one: a refusal of any of them concerns all. */
  sharing(policy: Policy): Policy[] {
    return this.policiesOn(this.clockOf(policy.cpus[0] ?? 0));
  }

  policiesOn(clock: number): Policy[] {
    const all = this.#kernel.policies();
    if (this.#policiesOn?.all !== all)
      this.#policiesOn = { all, by: Map.groupBy(all, ({ cpus }) => this.clockOf(cpus[0] ?? 0)) };
    return this.#policiesOn.by.get(clock) ?? [];
  }

  /** The daemon that comes next finds a policy as it is now. */
  foundAnew(policy: Policy): void {
    const found = { ...policy.state };
    this.#memory.set(policy, { found, isHeld: false, isDirty: false, isBlurred: false, fights: 0 });
  }

  /** The first CPU of those that share a CPU's clock. */
  clockOf(cpu: number): number {
    const size = Math.max(this.#hardware.perPolicy, this.#hardware.threads);
    return cpu - (cpu % size);
  }

  starts(vm: Vm, isWild: boolean): void {
    this.#claimsOn = undefined;
    for (const claim of this.of(vm)) add(claim, ABSENT, SILENT);
    vm.pins.forEach((pins, vcpu) => {
      const states = new Set([SILENT, ABSENT]);
      this.claims.set(`${vm.name} ${vm.id} ${vcpu}`, {
        ...{ vm, run: vm.id, vcpu, states, before: new Set(states), places: [pins] },
        ...{ rest: undefined, isSettled: false, isWild },
      });
    });
  }

  /** No VM runs any more, and no daemon. */
  powerFails(): void {
    this.claims.clear();
    this.#claimsOn = undefined;
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
      add(claim, ABSENT, SILENT);
      claim.rest?.add(SILENT);
      claim.isSettled = false;
      const pins = vm.pins[claim.vcpu] ?? [];
      if (!claim.places.includes(pins)) this.#place(claim, [...claim.places, pins]);
    }
  }

  /** What its guest wants does not count from when the daemon knows that the VM is paused. */
  pauses(vm: Vm): void {
    for (const claim of this.of(vm)) {
      add(claim, ABSENT);
      claim.isSettled = false;
    }
  }

  /** What its guest wanted before it was paused counts again from when the daemon knows that the VM runs. */
  resumes(vm: Vm): void {
    for (const claim of this.of(vm)) {
      add(claim, ABSENT, ...(claim.rest ?? []));
      claim.rest = undefined;
      claim.isSettled = false;
    }
  }

  unsettleAll(): void {
    for (const vm of new Set([...this.claims.values()].map(({ vm }) => vm))) this.unsettle(vm);
  }

  /** All that guests asked for is forgotten: the daemon ended, and did not hand over. */
  forgetWants(): void {
    for (const claim of this.claims.values()) {
      claim.states = new Set([SILENT, ABSENT]);
      claim.before = new Set(claim.states);
      claim.rest = undefined;
      claim.isSettled = false;
    }
  }

  /** A CPU came or went. Where several share a clock, an order for one that is away does not count for the others. */
  cpuSwitched(cpu: number): void {
    const clock = this.clockOf(cpu);
    const held = this.holds.get(clock);
    const isShared = this.#hardware.perPolicy > 1 || this.#hardware.threads > 1;
    if (held !== undefined && isShared) this.holds.set(clock, [...new Set([...held, undefined])]);
  }

  asked(vm: Vm, vcpu: number, action: Action): void {
    const claim = this.claimOf(vm, vcpu);
    if (claim === undefined) return;
    claim.before = claim.states;
    claim.states = new Set([...claim.states, ...this.#after(claim, action)]);
  }

  answered(vm: Vm, vcpu: number, action: Action, accepted: boolean): void {
    const claim = this.claimOf(vm, vcpu);
    if (claim === undefined) return;
    const after = this.#after({ ...claim, states: claim.before }, action);
    claim.states = accepted ? after : claim.before;
    if (accepted && !claim.isSettled) add(claim, SILENT, ABSENT);
    claim.before = claim.states;
  }

  /** Whether a request that a guest was refused could have been granted, and nothing stood in its way. */
  mustGrant(vm: Vm, vcpu: number, action: Action): boolean {
    const claim = this.claimOf(vm, vcpu);
    if (claim === undefined || !claim.isSettled || vm.state !== "running") return false;
    if (action === "turbo" && this.table.turbo === undefined) return false;
    const pins = this.#placed(claim, vm.pins[vcpu] ?? []);
    return pins.length > 0 && pins.every((cpu) => this.#isUndisturbed(cpu));
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
      const pins = vm.pins[claim.vcpu] ?? [];
      if (claim.places.length !== 1 || claim.places[0] !== pins) this.#place(claim, [pins]);
      claim.isSettled = true;
      const isPlaced = this.#placed(claim, pins).length > 0;
      const counts = vm.state === "running" && isPlaced;
      if (!isPlaced) claim.rest = undefined;
      else if (vm.state === "paused")
        claim.rest ??= new Set([...claim.states].filter((state) => state !== ABSENT));
      if (counts) for (const states of [claim.states, claim.before]) states.delete(ABSENT);
      else claim.states = claim.before = new Set([ABSENT]);
      if (claim.states.size === 0) claim.states = claim.before = new Set([SILENT]);
    }
    for (const policy of this.#kernel.policies()) this.memoryOf(policy).isDirty = false;
  }

  /** What a clock may be set to. */
  possible(clock: number): Set<Setting> {
    const settings = new Set<Setting>();
    for (const held of this.holds.get(clock) ?? [undefined]) {
      if (held === undefined) for (const setting of this.#resolved(clock)) settings.add(setting);
      else settings.add(held);
    }
    return settings;
  }

  /** What is known of the claims on a clock, for a message. */
  describe(clock: number): string {
    const words = this.#on(clock).map(({ vm, run, vcpu, states, places, isSettled, isWild }) => {
      const wants = [...states].map((state) =>
        state === SILENT
          ? "silent"
          : state === ABSENT
            ? "absent"
            : `${state >> 1}${(state & 1) === 1 ? "t" : ""}`,
      );
      const where = places.map((cpus) => cpus.join(",")).join(" or ");
      return `${vm.name}:${vcpu} run ${run} on ${where} wants ${isWild ? "anything" : wants.join("|")}${isSettled ? "" : "?"}`;
    });
    const held = this.holds.get(clock);
    return [...words, ...(held === undefined ? [] : [`orders ${held.join("|")}`])].join("; ");
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
    const memories = this.policiesOn(clock).map((policy) => this.memoryOf(policy));
    const isBlurred = memories.some((memory) => memory.isBlurred);
    // CPUs that share a clock run as fast as the fastest of them.
    const foundKhz = Math.max(0, ...memories.map(({ found }) => this.#foundKhz(found)));
    const settings = new Set<Setting>();
    for (const outcome of outcomes) {
      const index = outcome >> 1;
      const khz = this.table.khz[index];
      const isSlower = index > 0 && khz !== undefined && khz < foundKhz;
      const isSilent = (outcome & 1) === 1;
      if (khz === undefined || (isSilent && (isSlower || isBlurred))) settings.add("found");
      if (khz !== undefined && (!isSilent || !isSlower || isBlurred)) settings.add(index);
    }
    return settings;
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
      for (const state of claim.states) {
        if (state === ABSENT) options.add(NOBODY);
        else if (state === SILENT) options.add(cpus.length === 1 ? NOBODY | 1 : NOBODY);
        else options.add((state >> 1) << 1);
      }
    }
    if (isElsewhere) options.add(NOBODY);
    return options;
  }

  #after({ vm, vcpu, states, isSettled }: Claim, action: Action): Set<number> {
    const from = new Set(states);
    // The daemon may still take it for an earlier run of the same VM.
    if (!isSettled)
      for (const claim of this.of(vm))
        if (claim.vcpu === vcpu) for (const state of claim.states) from.add(state);
    const after = new Set<number>();
    for (const state of from) {
      if (state === ABSENT) continue;
      const stand: Stand =
        state === SILENT ? firstStand(this.table) : { index: state >> 1, turbo: (state & 1) === 1 };
      const next = stepped(this.table, stand, action);
      if (next !== undefined) after.add((next.index << 1) | (next.turbo ? 1 : 0));
    }
    return after;
  }

  /** The CPUs that a vCPU is scaled with: all that it is pinned to, or none. */
  #placed({ vcpu, vm }: Claim, pins: readonly number[]): readonly number[] {
    if (vcpu >= vm.online || pins.length > MULTI_PIN_MAX) return [];
    return pins.every((cpu) => this.#kernel.isOnline[cpu] && this.#kernel.policyOf[cpu] !== undefined)
      ? pins
      : [];
  }

  #isUndisturbed(cpu: number): boolean {
    const policy = this.#kernel.policyOf[cpu];
    return (policy === undefined ? [] : this.sharing(policy)).every(
      (one) => one.refuses === undefined && !this.memoryOf(one).isDirty,
    );
  }

  #foundKhz({ governor, minKhz, maxKhz, setKhz }: PolicyState): number {
    if (governor === "userspace") return setKhz;
    return governor === "powersave" && this.#hardware.driver !== "intel_pstate" ? minKhz : maxKhz;
  }
}

/** An outcome is the best index of a clock, twice, and one more if a silent vCPU is pinned there. */
const NOBODY = 255 << 1;

function joined(a: number, b: number): number {
  return (Math.min(a >> 1, b >> 1) << 1) | ((a | b) & 1);
}

function add(claim: Claim, ...states: readonly number[]): void {
  claim.states = new Set([...claim.states, ...states]);
  claim.before = new Set([...claim.before, ...states]);
}

import type { Kernel } from "../machine/kernel.ts";
import type { Timeline } from "../machine/timeline.ts";
import type { Action } from "../players/guest.ts";
import type { Vm } from "../players/vm.ts";
import type { Profile } from "../profile.ts";
import { Choices, MULTI_PIN_MAX } from "./choices.ts";
import { ABSENT, type Claim, SILENT } from "./claim.ts";
import { Claims } from "./claims.ts";
import { describeClaim } from "./describe.ts";
import { Emulators } from "./emulators.ts";
import { HostMemory } from "./host-memory.ts";
import { LocalHours } from "./local-hours.ts";
import { Orders } from "./orders.ts";
import { outcomesOf, type Setting, settingsOf } from "./outcome.ts";
import { Parking } from "./parking.ts";
import type { Rule } from "./rules.ts";
import { Schedules } from "./schedules.ts";
import { type Table, tableOf } from "./steps.ts";

// What must hold, by somebody who sees the truth and every answer, but not into the daemon. Where he cannot know yet what
// the daemon knows (libvirtd is slow, a CPU went away), everything possible is kept, until it is certain again.

/** Everything that may hold. */
export class Model extends HostMemory {
  readonly table: Table;
  readonly orders = new Orders();
  readonly #timeline: Timeline;
  readonly #hours: LocalHours;
  readonly #schedules: Schedules;
  readonly #claims = new Claims((cpu) => this.clockOf(cpu));
  readonly #emulators: Emulators;
  readonly #choices: Choices;
  /** Undefined on a host that parks no CPU. */
  readonly #parking: Parking | undefined;

  constructor(kernel: Kernel, timeline: Timeline, { zone, parks, schedules }: Profile) {
    super(kernel);
    this.#timeline = timeline;
    this.table = tableOf(kernel.hardware);
    this.#hours = new LocalHours(timeline, zone);
    this.#schedules = new Schedules(schedules, this.table);
    this.#emulators = new Emulators(this.table);
    const means = { claims: this.#claims, hours: this.#hours, schedules: this.#schedules };
    this.#choices = new Choices({ table: this.table, ...means });
    const users = { claims: this.#claims, emulators: this.#emulators };
    this.#parking = parks ? new Parking(this, users, timeline) : undefined;
  }

  starts(vm: Vm, isWild: boolean): void {
    this.#claims.begin(vm, isWild);
    this.#emulators.unsettle(vm);
  }

  /** No VM runs any more, and no daemon. */
  powerFails(): void {
    this.#claims.clear();
    this.#emulators.clear();
    this.boots();
    this.orders.boots();
    this.#parking?.doubt();
  }

  /** What the daemon knows of a VM may differ from the truth from now on. */
  unsettle(vm: Vm): void {
    this.#emulators.unsettle(vm);
    for (const claim of this.#claims.of(vm)) {
      claim.unsettle();
      const pins = vm.pins[claim.vcpu] ?? [];
      if (!claim.places.includes(pins)) this.#claims.place(claim, [...claim.places, pins]);
    }
  }

  /** What its guest wants does not count from when the daemon knows that the VM is paused. */
  pauses(vm: Vm): void {
    this.#emulators.unsettle(vm);
    for (const claim of this.#claims.of(vm)) {
      claim.add(ABSENT);
      claim.doubt();
    }
  }

  /** What its guest wanted before it was paused counts again from when the daemon knows that the VM runs. */
  resumes(vm: Vm): void {
    this.#emulators.unsettle(vm);
    for (const claim of this.#claims.of(vm)) {
      claim.add(ABSENT, ...(claim.rest ?? []));
      claim.rest = undefined;
      claim.doubt();
    }
  }

  unsettleAll(): void {
    this.#parking?.doubt();
    for (const vm of new Set([...this.#claims.all()].map(({ vm }) => vm))) this.unsettle(vm);
  }

  /** The daemon ended, and handed over to the next. */
  restarts(): void {
    this.unsettleAll();
    for (const claim of this.#claims.all()) claim.restarts(this.#nowMs);
  }

  /** All that guests asked for is forgotten: the daemon ended, and did not hand over. */
  forgetWants(): void {
    this.#parking?.doubt();
    for (const { vm } of this.#claims.all()) this.#emulators.unsettle(vm);
    for (const claim of this.#claims.all()) claim.forget();
  }

  /** A CPU came or went. */
  cpuSwitched(cpu: number): void {
    const clock = this.clockOf(cpu);
    this.#parking?.doubt(clock);
    if (!this.sharesClocks) return;
    this.orders.cpuSwitched({ clock, cpu }, this.kernel.isOnline[cpu] === true, this.#nowMs);
  }

  asked(vm: Vm, vcpu: number, action: Action): void {
    const claim = this.#claims.get(vm, vcpu);
    claim?.asks(this.#after(claim, action, claim.askedAt(this.#nowMs)), this.#nowMs);
  }

  answered(vm: Vm, vcpu: number, action: Action, accepted: boolean): void {
    const claim = this.#claims.get(vm, vcpu);
    claim?.isAnswered(this.#after(claim, action, claim.before), accepted, this.#nowMs);
  }

  /** A guest sent a policy for these vCPUs: it may be in force from now on. */
  policyAsked(vm: Vm, vcpus: readonly number[], rule: Rule): void {
    for (const claim of this.#claims.of(vm)) {
      if (claim.run !== vm.id) continue;
      claim.rules.add(vcpus.includes(claim.vcpu) ? rule : undefined);
      if (vcpus.includes(claim.vcpu)) claim.add(SILENT);
    }
  }

  policyAnswered(vm: Vm, vcpus: readonly number[], rule: Rule, accepted: boolean): void {
    for (const claim of this.#claims.of(vm)) {
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
    const claim = this.#claims.get(vm, vcpu);
    if (claim === undefined || !claim.isSettled || vm.state !== "running") return false;
    if (action === "turbo" && this.table.turbo === undefined) return false;
    if (action !== "policy" && !this.mayGrant(vm, action)) return false;
    const pins = this.#placed(claim, vm.pins[vcpu] ?? []);
    return pins.length > 0 && pins.every((cpu) => this.isUndisturbed(cpu));
  }

  /** The world was calm for long enough: the daemon knows the truth. */
  settle(): void {
    this.#claims.dropEnded();
    for (const claim of this.#claims.all()) this.#settle(claim, claim.vm.pins[claim.vcpu] ?? []);
    for (const policy of this.kernel.policies()) this.memoryOf(policy).isDirty = false;
    this.#emulators.settle();
    this.#parking?.settle();
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
    const turns = (claim: Claim) => claim.turnsIn(fromMs, this.#nowMs);
    if (this.#claims.on(clock).some(turns) || this.#parking?.mayBe(clock) === true) return true;
    const hasHours = ({ rules }: Claim) => [...rules].some((rule) => rule?.kind === "time");
    const goesByHours = !this.#schedules.isEmpty || this.#claims.on(clock).some(hasHours);
    return goesByHours && this.#hours.turnIn(fromMs);
  }

  /** Whether a vCPU of a VM may be pinned there, as far as the daemon may know. */
  mayRunOn(vm: string, clock: number): boolean {
    return this.#claims.on(clock).some((claim) => claim.vm.name === vm);
  }

  /** Whether a guest policy may be in force there. */
  hasPolicies(clock: number): boolean {
    return this.#claims.on(clock).some(({ rules, isWild }) => isWild || [...rules].some(Boolean));
  }

  /** What is known of the claims on a clock, for a message. */
  describe(clock: number): string {
    const words = this.#claims.on(clock).map((claim) => describeClaim(claim, this.#nowMs));
    const isThere = this.onlineOn(clock);
    const orders = `orders ${[...this.orders.at(clock, this.#nowMs)].join("|")}`;
    const floors = `floors ${[...this.#emulators.floors(isThere)].join("|")}`;
    const schedules = `schedules ${[...this.#schedules.forCpus(isThere, this.#hours)].join("|")}`;
    return [...words, orders, floors, schedules].join("; ");
  }

  get #nowMs(): number {
    return this.#timeline.nowMs;
  }

  #settle(claim: Claim, pins: readonly number[]): void {
    if (claim.places.length !== 1 || claim.places[0] !== pins) this.#claims.place(claim, [pins]);
    claim.settle({ isPlaced: this.#placed(claim, pins).length > 0 });
  }

  /** What may hold where no order does. */
  #resolved(clock: number): Set<Setting> {
    const isThere = this.onlineOn(clock);
    const onClock = (cpu: number) => this.clockOf(cpu) === clock;
    const options = this.#claims.on(clock).map((claim) => this.#choices.on(claim, this.#nowMs, onClock));
    const ground = {
      table: this.table,
      foundKhz: this.foundKhz(clock),
      isBlurred: this.isBlurred(clock),
      mayBeParked: this.#parking?.mayBe(clock) === true,
      mustBeParked: this.#parking?.mustBe(clock) === true,
    };
    const settings = new Set<Setting>();
    for (const floor of this.#emulators.floors(isThere))
      for (const schedule of this.#schedules.forCpus(isThere, this.#hours))
        for (const outcome of outcomesOf(options))
          for (const setting of settingsOf(outcome, ground, { floor, schedule })) settings.add(setting);
    return settings;
  }

  #after(claim: Claim, action: Action, states: ReadonlySet<number>): Set<number> {
    return this.mayGrant(claim.vm, action) ? this.#choices.after(claim, action, states) : new Set();
  }

  /** The CPUs that a vCPU is scaled with: all that it is pinned to, or none. */
  #placed({ vcpu, vm }: Claim, pins: readonly number[]): readonly number[] {
    if (vcpu >= vm.online || pins.length > MULTI_PIN_MAX) return [];
    return pins.every((cpu) => this.kernel.isOnline[cpu] && this.kernel.policyOf[cpu] !== undefined)
      ? pins
      : [];
  }
}

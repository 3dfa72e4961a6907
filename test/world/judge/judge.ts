import type { Policy, Settable } from "../machine/kernel-policy.ts";
import type { Program } from "../machine/program.ts";
import type { Asked, Guest, GuestWitness } from "../players/guest.ts";
import type { World } from "../world.ts";
import { UNCERTAIN } from "./host-memory.ts";
import type { Invariant, Seen, Verdict } from "./invariant.ts";
import { INVARIANTS } from "./invariants.ts";
import { Model } from "./model.ts";

type Hook = Exclude<keyof Invariant, "name" | "says" | "stepped">;

/** Tells the model what happens, and asks every invariant. */
export class Judge implements GuestWitness {
  readonly model: Model;
  readonly #world: World;
  readonly #hooks = new Map<Hook, Invariant[]>();
  readonly #watching = INVARIANTS.filter(({ stepped }) => stepped !== undefined);
  #touched = new Set<Policy>();
  /** Whether anybody asked for anything since the host booted. */
  anyAsked: boolean;

  constructor(world: World) {
    this.#world = world;
    this.model = new Model(world.kernel, world.timeline, world.profile);
    this.anyAsked = this.configAsks;
    const hooks = ["wrote", "settled", "answered", "logged", "ended", "restored", "calm"] as const;
    for (const hook of hooks)
      this.#hooks.set(
        hook,
        INVARIANTS.filter((invariant) => invariant[hook] !== undefined),
      );
  }

  /** Whether the configuration asks for speeds. */
  get configAsks(): boolean {
    const { parks, schedules } = this.#world.profile;
    return parks || schedules.length > 0;
  }

  /** The kernel took a write. */
  wrote(policy: Policy, file: Settable, text: string, by: Program | undefined): void {
    const world = this.#world;
    world.trace.note("wrote", policy.cpus[0] ?? 0, file, text);
    const memory = this.model.memoryOf(policy);
    if (by === undefined) {
      const isSaved = this.#isSaved(policy);
      // The settings were put back, but a fault of the disk kept the entry: both are right from now on.
      if (isSaved) memory.fights = memory.isHeld ? memory.fights + 1 : UNCERTAIN;
      else {
        memory.isHeld = false;
        memory.found = { ...policy.state };
      }
      // With this driver the daemon neither sets nor saves the limits.
      const { minKhz, maxKhz } = policy.state;
      if (world.kernel.hardware.driver === "acpi-cpufreq") memory.found = { ...memory.found, minKhz, maxKhz };
      memory.isDirty = true;
      memory.isBlurred = true;
    } else {
      memory.isHeld = !isSame(policy.state, memory.found);
      this.#touched.add(policy);
    }
    const written = { policy, file, text, by, during: world.delivering };
    this.#ask("wrote", (invariant) => invariant.wrote?.(world, written));
  }

  /** A turn is over. */
  stepped(): void {
    const world = this.#world;
    if (this.#touched.size > 0) {
      const touched = this.#touched;
      this.#touched = new Set();
      this.#ask("settled", (invariant) => invariant.settled?.(world, touched));
    }
    // Without a closure: it is called after every event.
    for (const invariant of this.#watching) {
      const why = invariant.stepped?.(world);
      if (why !== undefined) world.fail(invariant.name, why);
    }
  }

  noise(): void {
    this.anyAsked = true;
  }

  sent(guest: Guest, asked: Asked): void {
    this.anyAsked = true;
    const { model } = this;
    const { vm } = guest;
    if (asked.policy !== undefined) model.policyAsked(vm, asked.policy.vcpus, asked.policy.rule);
    if (asked.action === undefined || !guest.isPlain) return;
    model.asked(vm, asked.vcpu, asked.action);
    if (guest.reads) return;
    // Without an answer it is certain only if nothing stood in its way.
    const { action, vcpu } = asked;
    const { disturbances } = this.#world;
    this.#world.timeline.after(50, () => {
      const isCertain = disturbances === this.#world.disturbances && this.#world.isFair;
      if (isCertain && vm.id === guest.vm.id && model.mustGrant(vm, vcpu, action))
        model.answered(vm, vcpu, action, true);
    });
  }

  answered(guest: Guest, asked: Asked, accepted: boolean): void {
    const { vcpu, action, policy } = asked;
    this.#world.trace.note("answered", vcpu, guest.vm.name, accepted ? "ACK" : "NACK");
    if (action !== undefined) this.model.answered(guest.vm, vcpu, action, accepted);
    if (policy !== undefined) this.model.policyAnswered(guest.vm, policy.vcpus, policy.rule, accepted);
    this.#ask("answered", (invariant) => invariant.answered?.(this.#world, guest, asked, accepted));
  }

  wrong(guest: Guest, why: string): void {
    this.#world.fail("answers", `${guest.vm.name}: ${why}`);
  }

  lost(): void {}

  logged(line: string): void {
    this.#ask("logged", (invariant) => invariant.logged?.(this.#world, line));
  }

  daemonStarts(): void {
    this.#world.trace.note("daemon", this.#world.service.starts, "starts", "");
  }

  daemonRestarts(): void {
    this.#world.trace.note("daemon", this.#world.service.starts, "restarts", "");
  }

  daemonEnded(program: Program, code: number, restarts: boolean): void {
    this.#world.trace.note("daemon", code, "ended", restarts ? "to restart" : "");
    const handedOver = restarts && this.#world.disk.find("/run/vm-power/handover") !== undefined;
    if (!handedOver) this.model.forgetWants();
    else this.model.restarts();
    this.#world.disturb();
    this.#ask("ended", (invariant) => invariant.ended?.(this.#world, program, code));
  }

  restored(code: number, restarts: boolean): void {
    if (restarts && this.#world.disk.find("/run/vm-power/handover") !== undefined) return;
    for (const policy of this.#world.kernel.policies()) {
      const memory = this.model.memoryOf(policy);
      if (!memory.isDirty && isSame(policy.state, memory.found)) memory.isHeld = false;
    }
    this.#ask("restored", (invariant) => invariant.restored?.(this.#world, code));
    if (this.#world.disk.faults.size > 0) return;
    // Whatever is not in the journal is what the next daemon finds.
    for (const policy of this.#world.kernel.policies()) {
      const isRefused = this.model.sharing(policy).some(({ refuses }) => refuses !== undefined);
      const isObeying = !isRefused && policy.limitKhz === Number.POSITIVE_INFINITY;
      if (isObeying && !this.#isSaved(policy)) this.model.foundAnew(policy);
    }
  }

  /** The world was calm for long enough. */
  calm(seen: Seen): void {
    this.model.settle();
    this.#ask("calm", (invariant) => invariant.calm?.(this.#world, seen));
  }

  /** Whether the restore journal has an entry of a policy. */
  #isSaved({ name }: Policy): boolean {
    const journal = this.#world.disk.find("/run/vm-power/restore");
    return (
      journal?.kind === "directory" && [...journal.entries.keys()].some((entry) => entry.includes(`${name}.`))
    );
  }

  #ask(hook: Hook, verdict: (invariant: Invariant) => Verdict): void {
    for (const invariant of this.#hooks.get(hook) ?? []) {
      const why = verdict(invariant);
      if (why !== undefined) this.#world.fail(invariant.name, why);
    }
  }
}

function isSame(a: Policy["state"], b: Policy["state"]): boolean {
  if (a.governor !== b.governor || a.minKhz !== b.minKhz || a.maxKhz !== b.maxKhz) return false;
  return a.governor !== "userspace" || a.setKhz === b.setKhz;
}

import type { Kernel } from "../machine/kernel.ts";
import type { Hardware, Policy, PolicyState } from "../machine/kernel-policy.ts";

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

/** After more fights the daemon may have left a policy to another program. */
export const FIGHTS_MAX = 3;

/** So many fights that nothing is certain of a policy until the daemon finds it anew. */
export const UNCERTAIN = 9;

/** Which CPUs share a clock, and what is known of their policies. */
export class HostMemory {
  readonly kernel: Kernel;
  readonly hardware: Hardware;
  readonly #memory = new WeakMap<Policy, PolicyMemory>();
  /** Policies by clock, until one comes or goes. */
  #policiesOn: { readonly all: readonly Policy[]; readonly by: Map<number, Policy[]> } | undefined;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.hardware = kernel.hardware;
    this.boots();
  }

  /** All policies are new, and nothing is saved of any. */
  boots(): void {
    for (const policy of this.kernel.policies()) this.foundAnew(policy);
  }

  /** A policy that the kernel made since the boot may get back what the daemon had saved of the one before. */
  memoryOf(policy: Policy): PolicyMemory {
    let memory = this.#memory.get(policy);
    if (memory === undefined) {
      const found = { ...policy.initial };
      memory = { found, isHeld: false, isDirty: true, isBlurred: true, fights: UNCERTAIN };
      this.#memory.set(policy, memory);
    }
    return memory;
  }

  /** The daemon that comes next finds a policy as it is now. */
  foundAnew(policy: Policy): void {
    const found = { ...policy.state };
    this.#memory.set(policy, { found, isHeld: false, isDirty: false, isBlurred: false, fights: 0 });
  }

  /** The policies that share a clock with one: a refusal of any of them concerns all. */
  sharing(policy: Policy): Policy[] {
    return this.policiesOn(this.clockOf(policy.cpus[0] ?? 0));
  }

  /** Whether another program fought so long that the daemon may have left the clock to it, with all its policies. */
  isFought(policy: Policy): boolean {
    return this.sharing(policy).some((one) => this.memoryOf(one).fights > FIGHTS_MAX);
  }

  policiesOn(clock: number): Policy[] {
    const all = this.kernel.policies();
    if (this.#policiesOn?.all !== all)
      this.#policiesOn = { all, by: Map.groupBy(all, ({ cpus }) => this.clockOf(cpus[0] ?? 0)) };
    return this.#policiesOn.by.get(clock) ?? [];
  }

  /** The first CPU of those that share a CPU's clock. */
  clockOf(cpu: number): number {
    const size = Math.max(this.hardware.perPolicy, this.hardware.threads);
    return cpu - (cpu % size);
  }

  /** Tells of a CPU whether it shares a clock and is online. */
  onlineOn(clock: number): (cpu: number) => boolean {
    return (cpu) => this.clockOf(cpu) === clock && this.kernel.isOnline[cpu] === true;
  }

  /** Whether another CPU may share a clock. */
  get sharesClocks(): boolean {
    return this.hardware.perPolicy > 1 || this.hardware.threads > 1;
  }

  isUndisturbed(cpu: number): boolean {
    const policy = this.kernel.policyOf[cpu];
    return (policy === undefined ? [] : this.sharing(policy)).every(
      (one) => one.refuses === undefined && !this.memoryOf(one).isDirty,
    );
  }

  /** The speed at which a clock was found: CPUs that share it run as fast as the fastest of them. */
  foundKhz(clock: number): number {
    const each = this.policiesOn(clock).map((policy) => {
      const { governor, minKhz, maxKhz, setKhz } = this.memoryOf(policy).found;
      if (governor === "userspace") return setKhz;
      return governor === "powersave" && this.hardware.driver !== "intel_pstate" ? minKhz : maxKhz;
    });
    return Math.max(0, ...each);
  }

  isBlurred(clock: number): boolean {
    return this.policiesOn(clock).some((policy) => this.memoryOf(policy).isBlurred);
  }
}

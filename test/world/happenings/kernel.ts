import { UNCERTAIN } from "../judge/host-memory.ts";
import type { Policy } from "../machine/kernel-policy.ts";
import type { Random } from "../machine/random.ts";
import type { World } from "../world.ts";
import { happening } from "./happening.ts";

function policyIn({ kernel }: World, random: Random): Policy | undefined {
  const policies = kernel.policies();
  return policies.length === 0 ? undefined : random.pick(policies);
}

/** The daemon may have lost what guests want of these CPUs. */
function unsettleOn({ judge, vms }: World, isOn: (cpu: number) => boolean): void {
  for (const vm of vms.values())
    if ([...vm.pins, vm.emulator].some((cpus) => cpus.some(isOn))) judge.model.unsettle(vm);
}

/** Switches a CPU off or on. */
export function switchCpu(world: World, cpu: number): void {
  const { model } = world.judge;
  world.kernel.switchCpu(cpu, !world.kernel.isOnline[cpu]);
  model.cpuSwitched(cpu);
  unsettleOn(world, (one) => model.clockOf(one) === model.clockOf(cpu));
  for (const policy of model.policiesOn(model.clockOf(cpu))) {
    model.memoryOf(policy).isDirty = true;
    model.memoryOf(policy).isBlurred = true;
  }
}

/** What the kernel does. */
export const KERNEL_HAPPENINGS = [
  happening("kernel refuses", 5, (world, random) => {
    const policy = policyIn(world, random);
    if (policy === undefined) return undefined;
    policy.refuses = random.pick(["EBUSY", "EINVAL", "EIO", "ENODEV"]);
    const { model } = world.judge;
    for (const one of model.sharing(policy)) model.memoryOf(one).isDirty = true;
    world.refusedMs = world.timeline.nowMs;
    world.timeline.after(random.pick([10, 8000, 120_000]), () => {
      policy.refuses = undefined;
    });
    return `${policy.name} ${policy.refuses}`;
  }),
  happening("platform limits", 2, (world, random) => {
    const policy = policyIn(world, random);
    if (policy === undefined) return undefined;
    const memory = world.judge.model.memoryOf(policy);
    memory.isDirty = true;
    memory.isBlurred = true;
    // What the daemon saves now as the original is the limit.
    memory.fights = UNCERTAIN;
    policy.limitKhz = random.pick(world.kernel.hardware.khz);
    world.timeline.after(random.pick([5000, 60_000]), () => {
      policy.limitKhz = Number.POSITIVE_INFINITY;
    });
    return `${policy.name} ${policy.limitKhz}`;
  }),
  happening("CPU is switched", 4, (world, random) => {
    const held = world.judge.model.orders.clocks;
    const any = random.below(world.kernel.hardware.cpus);
    const cpu = held.length > 0 && random.chance(0.4) ? random.pick(held) : any;
    switchCpu(world, cpu);
    return `CPU ${cpu} ${world.kernel.isOnline[cpu] ? "on" : "off"}`;
  }),
  happening("driver is loaded again", 1, (world) => {
    world.kernel.reload();
    unsettleOn(world, () => true);
    return world.kernel.hardware.driver;
  }),
  happening("SMT is switched", 1, (world, random) => {
    const { threads, cpus } = world.kernel.hardware;
    if (threads === 1) return undefined;
    const isOn = random.chance(0.5);
    for (let cpu = 1; cpu < cpus; cpu += threads) {
      if (world.kernel.isOnline[cpu] === isOn) continue;
      world.kernel.switchCpu(cpu, isOn);
      world.judge.model.cpuSwitched(cpu);
    }
    unsettleOn(world, () => true);
    for (const policy of world.kernel.policies()) {
      world.judge.model.memoryOf(policy).isDirty = true;
      world.judge.model.memoryOf(policy).isBlurred = true;
    }
    return isOn ? "on" : "off";
  }),
  happening("another program writes", 5, (world, random) => {
    const policy = policyIn(world, random);
    if (policy === undefined || policy.refuses !== undefined) return undefined;
    const khz = random.pick(world.judge.model.table.khz);
    const [file, text] = random.pick([
      ["scaling_governor", "performance"],
      ["scaling_governor", "powersave"],
      ["scaling_max_freq", `${khz}`],
      ["scaling_min_freq", `${khz}`],
    ] as const);
    world.isDisputed = true;
    try {
      world.kernel.write(policy, file, text);
    } catch {
      return undefined;
    }
    return `${policy.name}/${file} ${text}`;
  }),
  happening("another program insists", 3, (world, random) => {
    const held = world.kernel.policies().filter((policy) => world.judge.model.memoryOf(policy).isHeld);
    if (held.length === 0) return undefined;
    const policy = random.pick(held);
    world.isDisputed = true;
    const again = (left: number) => {
      world.judge.model.memoryOf(policy).fights = UNCERTAIN;
      try {
        world.kernel.write(policy, "scaling_governor", "powersave");
      } catch {
        // The kernel refuses, or the CPU went away.
      }
      if (left > 0) world.timeline.after(5000, () => again(left - 1));
    };
    again(12);
    return policy.name;
  }),
];

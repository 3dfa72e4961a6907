import type { Random } from "../machine/random.ts";
import { drawPins, pauseVm, pinEmulator, resumeVm, startVm, stopVm } from "../players/hosts.ts";
import type { Vm } from "../players/vm.ts";
import type { World } from "../world.ts";
import { happening } from "./happening.ts";

function vmIn(world: World, random: Random, ...states: readonly Vm["state"][]): Vm | undefined {
  const vms = [...world.vms.values()].filter(({ state }) => states.includes(state));
  return vms.length === 0 ? undefined : random.pick(vms);
}

/** What happens to VMs. */
export const VM_HAPPENINGS = [
  happening("VM starts", 10, (world, random) => {
    const vm = vmIn(world, random, "off");
    if (vm === undefined) return undefined;
    startVm(world, vm, random.fork());
    return vm.name;
  }),
  happening("VM stops", 4, (world, random) => {
    const vm = vmIn(world, random, "running", "paused");
    if (vm === undefined) return undefined;
    stopVm(world, vm, random.pick([0, 1]));
    return vm.name;
  }),
  happening("VM crashes", 2, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    stopVm(world, vm, 2);
    return vm.name;
  }),
  happening("VM reboots", 3, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    // The same run of QEMU with another guest in it: what the old one wanted ends.
    world.judge.model.unsettle(vm);
    world.libvirtd.changed(vm, 319);
    return vm.name;
  }),
  happening("VM is destroyed and started at once", 2, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    stopVm(world, vm, 1);
    world.timeline.after(random.pick([1, 20, 500]), () => {
      if (vm.state === "off") startVm(world, vm, random.fork());
    });
    return vm.name;
  }),
  happening("VM pauses", 3, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    pauseVm(world, vm, 1);
    return vm.name;
  }),
  happening("VM resumes", 4, (world, random) => {
    const vm = vmIn(world, random, "paused");
    if (vm === undefined) return undefined;
    resumeVm(world, vm, 5);
    return vm.name;
  }),
  happening("VM migrates out", 2, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    pauseVm(world, vm, 2);
    const isCancelled = random.chance(0.4);
    world.timeline.after(random.between(1, 3000), () => {
      if (vm.state !== "paused") return;
      if (isCancelled) resumeVm(world, vm, 6);
      else stopVm(world, vm, 3);
    });
    return isCancelled ? `${vm.name} (cancelled)` : vm.name;
  }),
  happening("VM migrates in", 3, (world, random) => {
    const vm = vmIn(world, random, "off");
    if (vm === undefined) return undefined;
    startVm(world, vm, random.fork(), 2);
    pauseVm(world, vm, 11);
    world.timeline.after(random.between(1, 2000), () => {
      if (vm.state === "paused") resumeVm(world, vm, 2);
    });
    return vm.name;
  }),
  happening("vCPU is pinned elsewhere", 6, (world, random) => {
    const vm = vmIn(world, random, "running", "paused");
    if (vm === undefined) return undefined;
    const vcpu = random.below(vm.pins.length);
    vm.pins = vm.pins.map((pins, i) => (i === vcpu ? drawPins(world, random) : pins));
    world.judge.model.unsettle(vm);
    world.libvirtd.changed(vm, 346);
    return `${vm.name}:${vcpu} to ${vm.pins[vcpu]?.join(",")}`;
  }),
  happening("emulator is pinned elsewhere", 2, (world, random) => {
    const vm = vmIn(world, random, "running", "paused");
    if (vm === undefined) return undefined;
    pinEmulator(world, vm, random);
    return `${vm.name} to ${vm.emulator.join(",")}`;
  }),
  happening("vCPU is plugged", 3, (world, random) => {
    const vm = vmIn(world, random, "running");
    if (vm === undefined) return undefined;
    vm.online = random.between(1, vm.pins.length);
    world.judge.model.unsettle(vm);
    // libvirt sends no event for that.
    return `${vm.name} has ${vm.online}`;
  }),
];

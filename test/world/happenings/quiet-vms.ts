import { pauseVm, pinEmulator, resumeVm, startVm, stopVm } from "../players/hosts.ts";
import { happening } from "./happening.ts";
import { politeGuest } from "./quiet-guests.ts";

/** What becomes of one VM while nothing else happens. */
export const QUIET_VMS = {
  quietPause: happening("quiet pause", 0, (world, random) => {
    const vm = world.tried ?? politeGuest(world, random)?.vm;
    if (!world.isFair || vm?.state !== "running") return undefined;
    world.disturb();
    pauseVm(world, vm, 1);
    world.paused = vm;
    return vm.name;
  }),
  quietResume: happening("quiet resume", 0, (world) => {
    const { paused } = world;
    if (paused === undefined) return undefined;
    world.paused = undefined;
    resumeVm(world, paused, 5);
    return paused.name;
  }),
  /** Emulators with a floor are pinned elsewhere. */
  quietEmulators: happening("quiet emulators", 0, (world, random) => {
    if (!world.isFair) return undefined;
    world.disturb();
    for (const vm of world.vms.values())
      if (vm.state === "running" && vm.contract.emulatorMinKhz !== undefined) pinEmulator(world, vm, random);
    return "";
  }),
  quietEnd: happening("quiet end", 0, (world) => {
    const { tried } = world;
    if (!world.isFair || tried?.state !== "running") return undefined;
    world.disturb();
    stopVm(world, tried, 1);
    return tried.name;
  }),
  quietBegin: happening("quiet begin", 0, (world, random) => {
    const off = [...world.vms.values()].filter(({ state }) => state === "off");
    if (!world.isFair || off.length === 0) return undefined;
    world.disturb();
    const vm = random.pick(off);
    startVm(world, vm, random);
    return vm.name;
  }),
};

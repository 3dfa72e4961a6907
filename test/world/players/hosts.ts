import { Random } from "../machine/random.ts";
import type { World } from "../world.ts";
import { drawContract, drawFloor } from "./contract.ts";
import { ERAS, Guest, MOODS, type Mood } from "./guest.ts";
import type { Vm } from "./vm.ts";

// What a person at virsh does: VMs are defined, started, stopped, pinned.

/** libvirt's lifecycle events. */
const STARTED = 2;
const SUSPENDED = 3;
const RESUMED = 4;
const STOPPED = 5;

/** Most guests are polite, so that the others have neighbours. */
const MOODS_DRAWN: readonly Mood[] = ["polite", "polite", "polite", "polite", "polite", ...MOODS];

/** Defines the VMs of a host. Their names tell how their guests behave. */
export function defineVms(world: World, seed: number): void {
  const random = Random.of(seed, "VMs");
  const contracts = Random.of(seed, "contracts");
  const floors = Random.of(seed, "floors");
  for (let i = 0; i < world.profile.vms; i++) {
    // On a host of several VMs there is a guest of each mood.
    const drawn = random.pick(MOODS_DRAWN);
    const mood = world.profile.vms > MOODS.length ? (MOODS[i] ?? drawn) : drawn;
    const uuid = [1, 2, 3, 4].map(() => random.bits().toString(16).padStart(8, "0")).join("");
    const vcpus = random.between(1, world.profile.vcpusMax);
    const vm: Vm = {
      ...{ name: `${mood}${i}`, uuid, id: -1, state: "off", reason: 1 },
      pins: Array.from({ length: vcpus }, () => drawPins(world, random)),
      online: random.chance(0.8) ? vcpus : random.between(1, vcpus),
      emulator: floors.chance(0.5) ? drawPins(world, floors) : [],
      contract: {
        ...(mood === "polite" ? drawContract(contracts, world.profile.hardware) : {}),
        ...drawFloor(floors, world.profile.hardware),
      },
    };
    world.vms.set(vm.name, vm);
  }
  world.configure();
}

/** One CPU for most vCPUs, a few for some, all of them for one that is not pinned. */
export function drawPins(world: World, random: Random): number[] {
  const { parks } = world.profile;
  const { cpus } = world.profile.hardware;
  const what = random.float();
  if (what < 0.75) return [random.below(cpus)];
  // One VM that is not pinned keeps all CPUs from being parked.
  if (what < (parks ? 0.99 : 0.9)) {
    const several = new Set(Array.from({ length: random.between(2, 4) }, () => random.below(cpus)));
    return [...several].sort((a, b) => a - b);
  }
  return Array.from({ length: cpus }, (_, cpu) => cpu);
}

export function startVm(world: World, vm: Vm, random: Random, reason = 1): void {
  vm.id = world.nextRun++;
  vm.state = "running";
  vm.reason = reason;
  const mood = moodOf(vm);
  const means = { timeline: world.timeline, disk: world.disk, random, witness: world.judge };
  const guest = new Guest(vm, { era: random.pick(ERAS), mood }, means);
  world.guests.set(vm.name, guest);
  world.judge.model.starts(vm, mood !== "polite");
  world.libvirtd.lifecycle(vm, STARTED, reason === 1 ? 0 : 1);
}

/** `detail` is libvirt's number for how it ended: 1 destroyed, 2 crashed, 3 migrated. */
export function stopVm(world: World, vm: Vm, detail: number): void {
  world.guests.get(vm.name)?.end();
  world.guests.delete(vm.name);
  vm.state = "off";
  vm.reason = detail + 1;
  world.judge.model.unsettle(vm);
  world.libvirtd.lifecycle(vm, STOPPED, detail);
}

export function pauseVm(world: World, vm: Vm, reason: number): void {
  vm.state = "paused";
  vm.reason = reason;
  world.judge.model.pauses(vm);
  world.libvirtd.lifecycle(vm, SUSPENDED, 0);
}

export function resumeVm(world: World, vm: Vm, reason: number): void {
  vm.state = "running";
  vm.reason = reason;
  world.judge.model.resumes(vm);
  world.libvirtd.lifecycle(vm, RESUMED, 0);
}

export function pinEmulator(world: World, vm: Vm, random: Random): void {
  vm.emulator = drawPins(world, random);
  world.judge.model.unsettle(vm);
  world.libvirtd.changed(vm, 346);
}

function moodOf({ name }: Vm): Mood {
  return MOODS.find((mood) => name.startsWith(mood)) ?? "polite";
}

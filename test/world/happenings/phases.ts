import type { Random } from "../machine/random.ts";
import type { Contract } from "../players/contract.ts";
import type { Action, Guest } from "../players/guest.ts";
import { pauseVm, resumeVm, startVm, stopVm } from "../players/hosts.ts";
import { callAll } from "../players/operator.ts";
import type { World } from "../world.ts";
import { leavePolicy } from "./guests.ts";
import { type Happening, happening } from "./happening.ts";
import { orderCpu, setWall } from "./host.ts";
import { switchCpu } from "./kernel.ts";

/** What operators ask in calm weather. */
const LOOKS = ["GetStatus", "ListVms", "ListCpus", "Verify", "ListHolds"];

/** Longer leases are not waited for; shorter dwells are over before a restart. */
const LEASE_MAX_SEC = 20;
const DWELL_MIN_MS = 5000;

/** The turns between storm and calm. */
export const PHASES = {
  /** All is healed. */
  calm: happening("calm", 0, (world) => {
    world.disturb();
    world.heal();
    return "";
  }),
  /** It was calm for long enough. */
  settle: happening("settle", 0, (world) => {
    callAll(world, LOOKS, (seen) => {
      world.judge.calm(seen);
      world.isDisputed = false;
      world.isFair = true;
      world.calms++;
    });
    return "";
  }),
  /** Nothing but a restart happens. */
  quietRestart: happening("quiet restart", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    const states = world.kernel.policies().map((policy) => [policy, JSON.stringify(policy.state)] as const);
    world.restarting = { sinceMs: world.timeline.nowMs, before: new Map(states) };
    world.service.restart();
    return "";
  }),
  afterRestart: happening("after the restart", 0, (world) => {
    if (world.restarting === undefined) return undefined;
    world.restarting = undefined;
    world.judge.model.settle();
    world.isFair = true;
    return "";
  }),
  quietStop: happening("quiet stop", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    world.service.stop();
    return "";
  }),
  quietStart: happening("quiet start", 0, (world) => {
    world.service.start();
    return "";
  }),
  quietCrash: happening("quiet crash", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    world.service.crash();
    return "";
  }),
  /** A guest asks for all its vCPUs, so that it matters what becomes of them. */
  quietAsk: happening("quiet ask", 0, (world, random) => {
    const guest = world.isFair ? politeGuest(world, random) : undefined;
    if (guest === undefined) return undefined;
    const action = random.pick(["min", "max"] as const);
    askOnAll(world, guest, action);
    world.tried = guest.vm;
    return `${guest.vm.name} ${action}`;
  }),
  /** Many guests ask, so that those on one clock want different speeds. */
  quietAsks: happening("quiet asks", 0, (world, random) => {
    if (!world.isFair) return undefined;
    for (const guest of world.guests.values())
      if (guest.mood === "polite" && guest.vm.state === "running")
        askOnAll(world, guest, random.pick(["min", "max", "down"]));
    return "";
  }),
  /** The same of a guest whose requests end unless they are repeated. */
  quietLease: happening("quiet lease", 0, (world, random) => {
    const guest = world.isFair
      ? politeGuest(world, random, ({ leaseSec = LEASE_MAX_SEC + 1 }) => leaseSec <= LEASE_MAX_SEC)
      : undefined;
    if (guest === undefined) return undefined;
    askOnAll(world, guest, random.pick(["min", "max"]));
    return guest.vm.name;
  }),
  /** It wants a speed, and at once a slower one that must wait. */
  quietDwell: happening("quiet dwell", 0, (world, random) => {
    const guest = world.isFair
      ? politeGuest(world, random, ({ dwellMs = 0 }) => dwellMs >= DWELL_MIN_MS)
      : undefined;
    if (guest === undefined) return undefined;
    askOnAll(world, guest, "max");
    world.timeline.after(200, () => askOnAll(world, guest, "min"));
    return guest.vm.name;
  }),
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
  quietOrder: happening("quiet order", 0, (world, random) => {
    if (!world.isFair || world.kernel.hardware.cpus < 2) return undefined;
    world.disturb();
    world.ordered = random.between(1, world.kernel.hardware.cpus - 1);
    orderCpu(world, { cpu: world.ordered, to: random.pick(["min", "max"]) });
    return `CPU ${world.ordered}`;
  }),
  /** The CPU of the order goes, or comes back. */
  quietSwitch: happening("quiet switch", 0, (world) => {
    const { ordered } = world;
    if (ordered === undefined) return undefined;
    world.disturb();
    switchCpu(world, ordered);
    return `CPU ${ordered} ${world.kernel.isOnline[ordered] ? "on" : "off"}`;
  }),
  /** Another program sets a clock as it neither was nor should be. */
  quietDrift: happening("quiet drift", 0, (world, random) => {
    const { kernel, judge } = world;
    const held = kernel.policies().filter((policy) => judge.model.memoryOf(policy).isHeld);
    if (!world.isFair || held.length === 0) return undefined;
    const policy = random.pick(held);
    const { governor } = judge.model.memoryOf(policy).found;
    world.disturb();
    world.isDisputed = true;
    const other =
      governor === "powersave" || policy.state.governor === "powersave" ? "performance" : "powersave";
    kernel.write(policy, "scaling_governor", other);
    return `${policy.name} ${other}`;
  }),
  /** Before a guest asks, another program raises the lower limits of its CPUs. */
  quietRaise: happening("quiet raise", 0, (world, random) => {
    const guest = world.isFair ? politeGuest(world, random) : undefined;
    if (guest === undefined) return undefined;
    world.disturb();
    world.tried = guest.vm;
    for (const cpu of new Set(guest.vm.pins.flat())) {
      const policy = world.kernel.policyOf[cpu];
      if (policy === undefined || world.judge.model.memoryOf(policy).isHeld) continue;
      world.kernel.write(policy, "scaling_min_freq", `${policy.state.maxKhz}`);
    }
    return guest.vm.name;
  }),
  quietMin: happening("quiet min", 0, (world) => {
    const guest = world.guests.get(world.tried?.name ?? "");
    if (!world.isFair || guest === undefined) return undefined;
    askOnAll(world, guest, "min");
    return guest.vm.name;
  }),
  /** The order is for a while. */
  quietTimedOrder: happening("quiet order for a while", 0, (world, random) => {
    if (!world.isFair) return undefined;
    world.disturb();
    const cpu = random.below(world.kernel.hardware.cpus);
    orderCpu(world, { cpu, to: random.pick(["min", "max"]), forSeconds: 15 });
    return `CPU ${cpu}`;
  }),
  /** Several guests leave policies, so that it matters which hour it is. */
  quietPolicies: happening("quiet policies", 0, (world, random) => {
    if (!world.isFair) return undefined;
    for (let i = 0; i < 4; i++) leavePolicy(world, politeGuest(world, random), random);
    return "";
  }),
  quietHours: happening("quiet hours", 0, (world, random) => {
    if (!world.isFair) return undefined;
    return setWall(world, 3_600_000 * random.between(-12, 12));
  }),
  /** Another CPU of its clock goes, or comes back. */
  quietSwitchOther: happening("quiet switch of another", 0, (world) => {
    const first =
      world.switched ?? (world.ordered === undefined ? 0 : world.judge.model.clockOf(world.ordered));
    if (first === 0 || first === world.ordered) return undefined;
    world.switched = world.switched === undefined ? first : undefined;
    world.disturb();
    switchCpu(world, first);
    return `CPU ${first} ${world.kernel.isOnline[first] ? "on" : "off"}`;
  }),
  quietRelease: happening("quiet release", 0, (world) => {
    const { ordered } = world;
    if (ordered === undefined) return undefined;
    world.ordered = undefined;
    world.disturb();
    orderCpu(world, { cpu: ordered, to: "release" });
    return `CPU ${ordered}`;
  }),
  storm: happening("storm", 0, (world) => {
    world.disturb();
    return "";
  }),
};

function askOnAll(world: World, guest: Guest, action: Action): void {
  guest.ports.forEach((_, vcpu) => {
    if (guest.ask(vcpu, action) && guest.reads) world.awaiting.add(guest);
  });
}

function politeGuest(
  world: World,
  random: Random,
  isMeant: (contract: Contract) => boolean = () => true,
): Guest | undefined {
  const running = [...world.guests.values()].filter(
    ({ mood, vm }) => mood === "polite" && vm.state === "running" && isMeant(vm.contract),
  );
  return running.length === 0 ? undefined : random.pick(running);
}

/** A turn of a trial, and how long nothing else happens after it. */
interface Trial {
  readonly phase: Happening;
  readonly restMs: number;
}

const JUDGED: Trial = { phase: PHASES.settle, restMs: 2000 };

/** What is tried in calm weather, one at a time, when every deviation is a fault. */
export const TRIALS: readonly (readonly Trial[])[] = [
  [
    { phase: PHASES.quietAsks, restMs: 1000 },
    { phase: PHASES.quietRestart, restMs: 20_000 },
    { phase: PHASES.afterRestart, restMs: 0 },
  ],
  [{ phase: PHASES.quietStop, restMs: 10_000 }, { phase: PHASES.quietStart, restMs: 20_000 }, JUDGED],
  // Nothing is restored after the crash, so the next start must do it.
  [{ phase: PHASES.quietCrash, restMs: 30_000 }, JUDGED],
  [
    { phase: PHASES.quietAsk, restMs: 500 },
    { phase: PHASES.quietPause, restMs: 10_000 },
    JUDGED,
    { phase: PHASES.quietResume, restMs: 10_000 },
    JUDGED,
  ],
  [
    { phase: PHASES.quietDwell, restMs: 1000 },
    { phase: PHASES.quietRestart, restMs: 20_000 },
    { phase: PHASES.afterRestart, restMs: 0 },
  ],
  [{ phase: PHASES.quietAsks, restMs: 1000 }, { phase: PHASES.quietDrift, restMs: 20_000 }, JUDGED],
  [
    { phase: PHASES.quietRaise, restMs: 60_000 },
    JUDGED,
    { phase: PHASES.quietMin, restMs: 1000 },
    { phase: PHASES.quietStop, restMs: 10_000 },
    { phase: PHASES.quietStart, restMs: 20_000 },
    JUDGED,
  ],
  [{ phase: PHASES.quietLease, restMs: LEASE_MAX_SEC * 1000 + 1000 }, JUDGED],
  [{ phase: PHASES.quietAsk, restMs: 500 }, { phase: PHASES.quietEnd, restMs: 3000 }, JUDGED],
  // A VM may run where CPUs are parked.
  [{ phase: PHASES.quietBegin, restMs: 2000 }, JUDGED],
  [
    { phase: PHASES.quietOrder, restMs: 2000 },
    JUDGED,
    { phase: PHASES.quietSwitch, restMs: 20_000 },
    JUDGED,
    { phase: PHASES.quietSwitch, restMs: 20_000 },
    JUDGED,
    { phase: PHASES.quietRelease, restMs: 2000 },
    JUDGED,
  ],
  [
    { phase: PHASES.quietOrder, restMs: 2000 },
    { phase: PHASES.quietSwitchOther, restMs: 20_000 },
    { phase: PHASES.quietRelease, restMs: 2000 },
    { phase: PHASES.quietSwitchOther, restMs: 20_000 },
    JUDGED,
  ],
  [
    { phase: PHASES.quietTimedOrder, restMs: 2000 },
    JUDGED,
    { phase: PHASES.quietRestart, restMs: 20_000 },
    { phase: PHASES.afterRestart, restMs: 2000 },
    JUDGED,
  ],
  [
    { phase: PHASES.quietPolicies, restMs: 1000 },
    JUDGED,
    { phase: PHASES.quietHours, restMs: 15_000 },
    JUDGED,
    { phase: PHASES.quietHours, restMs: 15_000 },
    JUDGED,
  ],
];

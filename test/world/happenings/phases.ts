import { pauseVm, resumeVm } from "../players/hosts.ts";
import { callAll } from "../players/operator.ts";
import { type Happening, happening } from "./happening.ts";

/** What operators ask in calm weather. */
const LOOKS = ["GetStatus", "ListVms", "ListCpus", "Verify", "ListHolds"];

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
    world.restarting = new Map(
      world.kernel.policies().map((policy) => [policy, JSON.stringify(policy.state)]),
    );
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
  quietPause: happening("quiet pause", 0, (world, random) => {
    const running = [...world.guests.values()].filter(
      ({ mood, vm }) => mood === "polite" && vm.state === "running",
    );
    if (!world.isFair || running.length === 0) return undefined;
    const { vm } = random.pick(running);
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
  storm: happening("storm", 0, (world) => {
    world.disturb();
    return "";
  }),
};

/** A turn of a trial, and how long nothing else happens after it. */
interface Trial {
  readonly phase: Happening;
  readonly restMs: number;
}

const JUDGED: Trial = { phase: PHASES.settle, restMs: 2000 };

/** What is tried in calm weather, one at a time, when every deviation is a fault. */
export const TRIALS: readonly (readonly Trial[])[] = [
  [
    { phase: PHASES.quietRestart, restMs: 20_000 },
    { phase: PHASES.afterRestart, restMs: 0 },
  ],
  [{ phase: PHASES.quietStop, restMs: 10_000 }, { phase: PHASES.quietStart, restMs: 20_000 }, JUDGED],
  // Nothing is restored after the crash, so the next start must do it.
  [{ phase: PHASES.quietCrash, restMs: 30_000 }, JUDGED],
  [
    { phase: PHASES.quietPause, restMs: 10_000 },
    JUDGED,
    { phase: PHASES.quietResume, restMs: 10_000 },
    JUDGED,
  ],
];

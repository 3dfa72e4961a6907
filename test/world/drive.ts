import type { Linked } from "./machine/link.ts";
import { Random } from "./machine/random.ts";
import { defineVms, startVm } from "./players/hosts.ts";
import { drawProfile, type Profile } from "./profile.ts";
import { type Pace, schedule } from "./schedule.ts";
import { type Violation, World } from "./world.ts";

/** What to run. */
export interface Course {
  readonly seed: number;
  /** Simulated time. */
  readonly untilMs: number;
  readonly linked: Linked;
  readonly profile?: ((random: Random) => Profile) | undefined;
  readonly pace?: Pace | undefined;
  /** Places in the schedule that happen; all if it is missing. */
  readonly only?: ReadonlySet<number> | undefined;
  /** Stops after so much CPU time. */
  readonly cpuMs?: number | undefined;
  readonly print?: ((line: string) => void) | undefined;
}

/** What came of it. */
export interface Outcome {
  readonly violation: Violation | undefined;
  readonly happenings: number;
  readonly simulatedMs: number;
  readonly cpuMs: number;
  readonly hash: string;
  readonly calms: number;
  /** How often the daemon started. */
  readonly starts: number;
  /** How often each kind struck. */
  readonly struck: ReadonlyMap<string, number>;
  readonly marks: ReadonlyMap<string, number>;
  /** Places in the schedule of what happened, up to the violation. */
  readonly happened: readonly number[];
}

/** Runs one world. */
export function drive(course: Course): Outcome {
  const { seed, untilMs, linked, only, cpuMs = Number.POSITIVE_INFINITY } = course;
  const random = new Random(seed ^ 0x2545f491);
  const profile = (course.profile ?? drawProfile)(random);
  const world = new World(seed, { profile, linked, print: course.print });
  boot(world, random);
  const struck = new Map<string, number>();
  const happened: number[] = [];
  const began = process.cpuUsage();
  const spentMs = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  let happenings = 0;
  for (const planned of schedule(seed, course.pace)) {
    if (planned.atMs > untilMs || (planned.index % 1024 === 0 && spentMs() > cpuMs)) break;
    world.runUntil(planned.atMs);
    if (world.violation !== undefined) break;
    if (only !== undefined && !only.has(planned.index)) continue;
    const { name } = planned.happening;
    if (planned.happening.weight !== 0 && name !== "ask") world.disturb();
    const whom = planned.happening.strike(world, new Random(planned.seed));
    world.turn();
    if (whom === undefined) continue;
    world.trace.note("happens", planned.index, name, whom);
    happenings++;
    struck.set(name, (struck.get(name) ?? 0) + 1);
    if (only === undefined) happened.push(planned.index);
    if (world.violation !== undefined) break;
  }
  return {
    violation: world.violation,
    happenings,
    simulatedMs: world.timeline.nowMs,
    cpuMs: spentMs(),
    hash: world.trace.hash(),
    calms: world.calms,
    starts: world.service.starts,
    struck,
    marks: world.marks.counts,
    happened,
  };
}

/** libvirtd and the daemon start, and most VMs. */
function boot(world: World, random: Random): void {
  defineVms(world, random);
  world.libvirtd.start();
  world.service.start();
  for (const vm of world.vms.values()) {
    const starts = random.chance(0.7);
    const own = random.fork();
    if (starts) world.timeline.after(random.between(0, 15_000), () => startVm(world, vm, own));
  }
}

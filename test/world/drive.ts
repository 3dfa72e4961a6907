import type { Linked } from "./machine/link.ts";
import { Random } from "./machine/random.ts";
import { defineVms, startVm } from "./players/hosts.ts";
import { drawProfile, type Profile } from "./profile.ts";
import type { Planned } from "./replay.ts";
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
  /** What happens, instead of what follows from the seed. */
  readonly plan?: Iterable<Planned> | undefined;
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
  /** The last of what happened, up to the violation. */
  readonly happened: readonly Planned[];
  /** The last lines of the trace, if a promise did not hold. */
  readonly lastLines: readonly string[];
}

/** So many of the last happenings are kept, so that a long run needs no more memory than a short one. */
const KEPT_MAX = 200_000;

/** Runs one world. */
export function drive(course: Course): Outcome {
  const { seed, untilMs, linked, cpuMs = Number.POSITIVE_INFINITY } = course;
  const profile = (course.profile ?? drawProfile)(Random.of(seed, "profile"));
  const world = new World(seed, { profile, linked, print: course.print });
  boot(world, seed);
  const struck = new Map<string, number>();
  let happened: Planned[] = [];
  const began = process.cpuUsage();
  const spentMs = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  let happenings = 0;
  let turns = 0;
  for (const planned of course.plan ?? schedule(seed, course.pace)) {
    if (planned.atMs > untilMs || (++turns % 1024 === 0 && spentMs() > cpuMs)) break;
    world.runUntil(planned.atMs);
    if (world.violation !== undefined) break;
    const { name } = planned.happening;
    if (planned.happening.weight !== 0 && name !== "ask") world.disturb();
    const whom = planned.happening.strike(world, new Random(planned.seed));
    world.turn();
    if (whom === undefined) continue;
    world.trace.note("happens", planned.seed, name, whom);
    happenings++;
    struck.set(name, (struck.get(name) ?? 0) + 1);
    if (happened.length >= 2 * KEPT_MAX) happened = happened.slice(-KEPT_MAX);
    happened.push(planned);
    if (world.violation !== undefined) break;
  }
  if (course.plan !== undefined) world.runUntil(untilMs);
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
    lastLines: world.violation === undefined ? [] : world.trace.lastLines(),
  };
}

/** libvirtd and the daemon start, and most VMs. */
function boot(world: World, seed: number): void {
  defineVms(world, seed);
  const random = Random.of(seed, "boot");
  world.libvirtd.start();
  world.service.start();
  for (const vm of world.vms.values()) {
    const starts = random.chance(0.7);
    const own = random.fork();
    if (starts) world.timeline.after(random.between(0, 15_000), () => startVm(world, vm, own));
  }
  // The daemon starts now, whether anything else happens or not.
  world.turn();
}

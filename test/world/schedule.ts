import { ask } from "./happenings/guests.ts";
import type { Happening } from "./happenings/happening.ts";
import { STORMY } from "./happenings/happenings.ts";
import { PHASES } from "./happenings/phases.ts";
import { TRIALS } from "./happenings/trials.ts";
import { Random } from "./machine/random.ts";
import type { Planned } from "./replay.ts";

/** The daemon tries again what the kernel refused after waits of up to ten minutes. */
const LONG_CALM_MS = 720_000;
const CALM_MS = 200_000;
const MINUTE_MS = 60_000;

/** How much happens. */
export interface Pace {
  /** Means of the time between two requests, and between two other happenings of a storm, in ms. One is drawn per storm. */
  readonly askMs: readonly number[];
  readonly stormMs: readonly number[];
  /** The longest storm, in minutes. */
  readonly stormMinutes: number;
  /** So many trials at most follow each other in one calm. */
  readonly trials: number;
  /** How long nothing but requests happens between a calm and the next storm, in minutes. One is drawn each time. */
  readonly lullMinutes: readonly number[];
}

const USUAL_PACE: Pace = {
  askMs: [50, 500, 500, 5000],
  stormMs: [500, 3000, 15_000],
  stormMinutes: 12,
  trials: 12,
  lullMinutes: [1],
};

/** For what storms hide: little happens before everything is tried in calm weather. */
export const CALM_PACE: Pace = {
  askMs: [500, 5000],
  stormMs: [3000, 15_000],
  stormMinutes: 2,
  trials: Number.POSITIVE_INFINITY,
  lullMinutes: [1],
};

/** For long times: somebody asks every few seconds, and there are a few storms in a day. */
export const LONG_PACE: Pace = {
  askMs: [3000, 5000, 8000],
  stormMs: [3000, 15_000, 60_000],
  stormMinutes: 12,
  trials: 12,
  lullMinutes: [20, 300, 900],
};

/**
 * Everything that happens to a world, from its seed alone: storms in which anything may go wrong, each with kinds that it
 * leaves out (swarm testing), and calm after each, when all must be right again, also after one single trial.
 */
export function* schedule(seed: number, pace: Pace = USUAL_PACE): Generator<Planned, never> {
  const random = Random.of(seed, "schedule");
  let atMs = 20_000;
  // In whole microseconds, as the corpus shows it.
  const plan = (what: Happening): Planned => {
    atMs = Math.round(atMs * 1000) / 1000;
    return { atMs, happening: what, seed: random.bits() };
  };
  for (;;) {
    const kinds = STORMY.filter(() => random.chance(0.6));
    const weights = kinds.reduce((sum, { weight }) => sum + weight, 0);
    const askMs = random.pick(pace.askMs);
    const stormMs = random.pick(pace.stormMs);
    const draw = () => {
      let left = random.float() * weights;
      for (const kind of kinds) {
        left -= kind.weight;
        if (left < 0) return kind;
      }
      return ask;
    };
    const during = function* (lastMs: number, isStorm: boolean): Generator<Planned> {
      for (;;) {
        const both = isStorm ? 1 / askMs + 1 / stormMs : 1 / askMs;
        const delayMs = -Math.log(1 - random.float()) / both;
        if (atMs + delayMs > lastMs) break;
        atMs += delayMs;
        yield plan(isStorm && random.chance(1 / stormMs / both) ? draw() : ask);
      }
      atMs = lastMs;
    };
    yield* during(atMs + random.between(1, pace.stormMinutes) * MINUTE_MS, true);
    yield plan(PHASES.calm);
    const isLong = kinds.some(({ name }) => name === "kernel refuses" || name === "disk fault");
    yield* during(atMs + (isLong ? LONG_CALM_MS : CALM_MS), false);
    yield plan(PHASES.settle);
    atMs += 2000;
    yield* during(atMs + random.between(1, 4) * MINUTE_MS, false);
    for (const trial of shuffled(TRIALS, random).slice(0, pace.trials))
      for (const { phase, restMs } of trial) {
        yield plan(phase);
        atMs += restMs;
      }
    yield* during(atMs + random.pick(pace.lullMinutes) * MINUTE_MS, false);
    yield plan(PHASES.storm);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.float() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

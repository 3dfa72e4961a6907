import { ask } from "./happenings/guests.ts";
import type { Happening } from "./happenings/happening.ts";
import { STORMY } from "./happenings/happenings.ts";
import { PHASES } from "./happenings/phases.ts";
import { QUIET } from "./happenings/trials.ts";

/** Something that is to happen. */
export interface Planned {
  readonly atMs: number;
  readonly happening: Happening;
  /** What it draws from. */
  readonly seed: number;
}

/** The same as data: when, what, and the seed of what it draws from. */
export type Happened = readonly [atMs: number, name: string, seed: number];

const ALL = [ask, ...STORMY, ...Object.values(PHASES), ...Object.values(QUIET)];
const BY_NAME = new Map(ALL.map((each) => [each.name, each]));

/** What happened, in a form that is kept. It replays whatever becomes of the schedule and its weights. */
export function asHappened({ atMs, happening, seed }: Planned): Happened {
  return [atMs, happening.name, seed];
}

/** What is to happen again. Throws if there is no such kind any more. */
export function planned([atMs, name, seed]: Happened): Planned {
  const happening = BY_NAME.get(name);
  if (happening === undefined) throw new Error(`There is no happening "${name}"`);
  return { atMs, happening, seed };
}

import type { Policy, Settable } from "../machine/kernel-policy.ts";
import type { Program } from "../machine/program.ts";
import type { Asked, Guest } from "../players/guest.ts";
import type { World } from "../world.ts";

/** Why an invariant does not hold; undefined while it does. */
export type Verdict = string | undefined;

/** One write to a cpufreq policy that the kernel took. */
interface Written {
  readonly policy: Policy;
  readonly file: Settable;
  readonly text: string;
  /** The daemon, or the program that restores; undefined for another program. */
  readonly by: Program | undefined;
  /** The VM whose bytes the daemon was handling, if it was. */
  readonly during: string | undefined;
}

/** What operators' calls returned in calm weather, by method. */
export type Seen = Readonly<Record<string, unknown>>;

/**
 * A promise that is judged after every event. Each file of `invariants/` has one; it says only which of these moments it
 * looks at. It may look at the whole world, but never into the daemon.
 */
export interface Invariant {
  readonly name: string;
  /** The promise, in one sentence. */
  readonly says: string;
  /** A file of a CPU was written. */
  wrote?(world: World, written: Written): Verdict;
  /** A turn of the event loop is over in which the daemon wrote to these policies. */
  settled?(world: World, policies: ReadonlySet<Policy>): Verdict;
  /** Any turn is over. It is called very often. */
  stepped?(world: World): Verdict;
  /** A guest got an answer. */
  answered?(world: World, guest: Guest, asked: Asked, accepted: boolean): Verdict;
  /** The daemon wrote a line of its log. */
  logged?(world: World, line: string): Verdict;
  /** The daemon has ended by itself or was killed. */
  ended?(world: World, program: Program, code: number): Verdict;
  /** `vm-power restore` has run after it. */
  restored?(world: World, code: number): Verdict;
  /** The world was calm for long enough that everything must be right. */
  calm?(world: World, seen: Seen): Verdict;
}

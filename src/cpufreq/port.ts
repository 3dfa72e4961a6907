import type { Clock, SpeedSetting } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Result } from "../base/result.ts";
import type { Errno } from "../os/errno.ts";
import type { Observation, UnmanagedCpu } from "./cpufreq.ts";

// What this folder needs of the kernel, or of a hypervisor that sets the clocks in its place. Everything that can be
// set (a speed, a limit of speeds, a governor, an energy preference, a latency) is a setting with a name and a text.

/** A back end's name for one thing that it can set; nobody else knows what it means. */
type SettingName = string;

/** What settings say, by name and to the byte. */
export type Values = Readonly<Record<SettingName, string>>;

/** A setting that the back end did not take. */
export interface SettingRefused {
  readonly name: SettingName;
  readonly errno: Errno;
}

/** What a back end says to a change: undefined when it took it. A slow one says it later. */
export type Answer = SettingRefused | undefined | Promise<SettingRefused | undefined>;

/** What can be set on a host, and the means to do it. */
export interface Backend {
  /** A change takes so long that it must not be waited for in a turn: a process, a remote call. Reading never does. */
  readonly slow: boolean;
  /** Lists what can be set now. What cannot be looked at for the moment is listed as it was. */
  list(): Listing;
  /** Whether the list has changed; cheap, so it may look at large hosts in turns. */
  hasChanged(): boolean;
  /** What holds on one CPU now. */
  observe(pcpu: Pcpu): Observation | undefined;
  /** Finds what an entry of the journal is about. `renewed`: it was made anew, and what was saved means nothing. */
  find(saved: SavedScope): Pick<Scope, "write"> | "renewed" | { readonly problem: string };
  readonly journal: JournalNames;
}

/** Everything that one look at a host finds. */
export interface Listing {
  readonly clocks: readonly ListedClock[];
  readonly unmanaged: readonly UnmanagedCpu[];
  /** For an operator. */
  readonly warnings: readonly string[];
}

/** A clock as it was found. */
export interface ListedClock extends Omit<Clock, "baselineKhz"> {
  readonly scopes: readonly Scope[];
  /** The same text as before means the same clock, so what was held may go on. */
  readonly key: string;
}

/** Settings that change together, and the CPUs they are for: on Linux a cpufreq policy. */
export interface Scope {
  /** Its name in the journal. */
  readonly name: string;
  /** Its name in messages. */
  readonly label: string;
  readonly pcpus: readonly Pcpu[];
  /** Those of {@link read} without which nothing could be put back, so nothing may be changed. */
  readonly needed: readonly SettingName[];
  /** What the settings say that change when a speed is held, or why they cannot be read. */
  read(): Result<Values, Errno>;
  /** Makes settings say this, in the order in which they are taken; those that do already are left alone. */
  write(values: Values): Answer;
  /** The highest speed under these settings, or under those that are there now. */
  baseline(saved: Values | undefined): Result<Khz | undefined, Errno>;
  /** What the settings should say while an entry of the table is held. */
  expected(speed: SpeedSetting): readonly Expectation[];
  /** What one setting says now, without white space around it; an errno where it cannot be read. */
  peek(name: SettingName): string;
  /** Whether it is what was listed, and not another one of that name. */
  isThere(): boolean;
  /** Prepares for speeds: what that takes is kept open, and nothing is changed. */
  open(): OpenScope | SettingRefused;
}

/** A scope whose files or connections are kept open, because we set its speed. */
export interface OpenScope {
  /** Every setting that must go on saying what we wrote. */
  readonly settings: readonly OpenSetting[];
  /** Makes it obey: on Linux, puts it under the governor that does what is written. */
  prepare(): Answer;
  /** Sets an entry of the clock's table, on a packet's way; or a speed between two, where the clock takes any. */
  set(speed: SpeedSetting): Answer;
  close(): void;
}

/** A setting that is watched. */
export interface OpenSetting {
  readonly name: SettingName;
  /** What it should say. */
  ours(speed: SpeedSetting): string;
  /** Whether it still says what was last read; makes no string. */
  isUnchanged(): boolean;
  /** Reads it again. */
  read(): Errno | undefined;
  /** What was last read. */
  text(): string;
}

/** What a setting should say. */
export interface Expectation {
  readonly name: SettingName;
  readonly ours: string;
  /** Where a range of numbers will do. */
  readonly fits?: (found: number) => boolean;
}

/** What the journal knows of a scope. */
export interface SavedScope {
  readonly scope: Scope["name"];
  readonly pcpus: readonly Pcpu[];
  readonly driver: string;
}

/** How a back end's names and texts are judged that were read from the journal; anyone may have written them. */
export interface JournalNames {
  /** The name of a scope as that of a file. */
  fileOf(scope: Scope["name"]): string;
  /** The reverse; undefined where no scope has such a file. */
  scopeOf(file: string): Scope["name"] | undefined;
  /** Whether a setting of this name can say this. */
  isValue(name: SettingName, text: string): boolean;
}

import type { Clock, SpeedSetting } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Knobs } from "../base/knobs.ts";
import type { Result } from "../base/result.ts";
import type { Errno } from "../os/errno.ts";
import type { Observation, UncoreCpus, UnmanagedCpu } from "./cpufreq.ts";

// The back end: what this folder needs of the kernel, or of a hypervisor that sets the clocks in its place. Everything
// that can be set (a speed, a limit, a governor, an energy preference, a latency) is a setting with a name and a text.

/** The back end's name for one thing that can be set. Only the back end knows its meaning. */
type SettingName = string;

/** Settings by name, to the byte. */
export type Values = Readonly<Record<SettingName, string>>;

/** A setting that the back end refused. */
export interface SettingRefused {
  readonly name: SettingName;
  readonly errno: Errno;
}

/** The back end's answer to a change: undefined if it was accepted. A slow back end answers later. */
export type Answer = SettingRefused | undefined | Promise<SettingRefused | undefined>;

/** A back end: what can be set on a host. */
export interface Backend {
  /**
   * Whether a change takes longer than a turn may, for example because it starts a process. Reading must always be
   * fast.
   */
  readonly slow: boolean;
  /** Lists what can be set now. Something that cannot be read for the moment is listed as it was. */
  list(): Listing;
  /** Whether the list has changed. It must be cheap, so it may look at a large host in turns. */
  hasChanged(): boolean;
  /** The current state of one CPU. */
  observe(pcpu: Pcpu): Observation | undefined;
  /**
   * Finds the scope of an entry of the journal, or says why that is not possible now. `renewed`: the scope was made
   * anew, so its saved settings have no meaning.
   */
  find(saved: SavedScope): Result<Pick<Scope, "write"> | "renewed">;
  readonly journal: JournalNames;
}

/** The result of one listing. */
export interface Listing {
  readonly clocks: readonly ListedClock[];
  readonly unmanaged: readonly UnmanagedCpu[];
  readonly uncores: readonly UncoreCpus[];
  /** Reasons for an operator. */
  readonly warnings: readonly string[];
}

/** A clock that was found. */
export interface ListedClock extends Omit<Clock, "baselineKhz"> {
  readonly scopes: readonly Scope[];
  /** While it is the same text, the clock is the same and keeps its state. */
  readonly key: string;
}

/** Settings that change together, and the CPUs they are for. On Linux: a cpufreq policy. */
export interface Scope {
  /** Its name in the journal. */
  readonly name: string;
  /** Its name in messages. */
  readonly label: string;
  readonly pcpus: readonly Pcpu[];
  /**
   * Those settings of {@link read} that must be known: without them nothing may be changed, since it could not be
   * restored.
   */
  readonly needed: readonly SettingName[];
  /** The settings that change when a speed is set, or why they cannot be read. */
  read(): Result<Values, Errno>;
  /** The settings that knobs need, while a speed is set or while none is. `saved` are the original ones, as far as known. */
  extras(knobs: Knobs, at: "speed" | "baseline", saved: Values): Result<Extras, Errno>;
  /** The current content of further settings, to the byte; those that cannot be restored are left out. */
  readMore(names: readonly SettingName[]): Result<Values, Errno>;
  /** Writes these settings, in the order that the back end needs. Settings that are right already are left alone. */
  write(values: Values): Answer;
  /** The highest speed that these settings allow, or the current ones. */
  baseline(saved: Values | undefined): Result<Khz | undefined, Errno>;
  /** What the settings should contain while an entry of the table is set. */
  expected(speed: SpeedSetting): readonly Expectation[];
  /** The current value of one setting, trimmed; an errno if it cannot be read. */
  peek(name: SettingName): string;
  /** Whether it is still the scope that was listed, not a new one with its name. */
  isThere(): boolean;
  /** Opens what is needed to set speeds, and changes nothing. */
  open(): Result<OpenScope, SettingRefused>;
}

/** Settings beside the speed. */
export interface Extras {
  /** What they should be. */
  readonly values: Values;
  /** Saved settings of earlier knobs, to be restored. */
  readonly restored: Values;
  /** What was asked for and is not offered here, as sentences for an operator. */
  readonly missing: readonly string[];
}

/** A scope with its files or connections open, because we set its speed. */
export interface OpenScope {
  /** The settings that must stay as we wrote them. */
  readonly settings: readonly OpenSetting[];
  /**
   * Prepares the scope for speeds, beside these further settings. On Linux: sets the governor that obeys speeds, or the
   * one among the settings.
   */
  prepare(extras: Values): Answer;
  /** Sets an entry of the clock's table, or a speed between two entries. Called while a packet is handled. */
  set(speed: SpeedSetting): Answer;
  close(): void;
}

/** A setting that is watched for changes by others. */
export interface OpenSetting {
  readonly name: SettingName;
  /** What it should contain. */
  ours(speed: SpeedSetting): string;
  /** Whether it is as it was read last. Allocates nothing. */
  isUnchanged(): boolean;
  /** Reads it again. */
  read(): Errno | undefined;
  /** What was read last. */
  text(): string;
}

/** The value that a setting should have. */
export interface Expectation {
  readonly name: SettingName;
  readonly ours: string;
  /** The range, if a range of numbers is allowed. */
  readonly fits?: (found: number) => boolean;
}

/** An entry's scope. */
export interface SavedScope {
  readonly scope: Scope["name"];
  readonly pcpus: readonly Pcpu[];
  readonly driver: string;
}

/** Checks names and texts from the journal, which anyone may have written. */
export interface JournalNames {
  /** The file name for a scope. */
  fileOf(scope: Scope["name"]): string;
  /** The scope of a file name; undefined if no scope has that file. */
  scopeOf(file: string): Scope["name"] | undefined;
  /** Whether a setting of this name can have this value. */
  isValue(name: SettingName, text: string): boolean;
}

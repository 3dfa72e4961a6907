import type { Clock, Write, WriteRefused } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Knobs } from "../base/knobs.ts";

/** The host's clocks: finds them, changes them and puts them back. */
export interface Cpufreq {
  /**
   * The clocks that can be changed now. The array is a new one after every change of the host's CPUs. A clock that is
   * the same object keeps its setting; a new object, even with an old id, has its baseline.
   */
  clocks(): readonly Clock[];
  /** CPUs that are not managed, each with the reason. */
  unmanaged(): readonly UnmanagedCpu[];
  /** The packages with an uncore whose frequency can be bounded. */
  uncores(): readonly UncoreCpus[];
  /**
   * Whether a write may take longer than a turn of the event loop. Then {@link applySlow} and {@link closeSlow} must be
   * used.
   */
  readonly slow: boolean;
  /**
   * Writes a setting, synchronously and to files that are kept open. Before the first write to a clock its original
   * settings are saved in the restore journal; `baseline` restores them. After a refusal the clock has the setting it
   * had before.
   */
  apply(write: Write): WriteRefused | undefined;
  /**
   * Does what {@link apply} does, for any back end; resolves when it is done. While one write of a clock is under way,
   * only the last further setting waits. The promises of the settings that it replaced resolve with its result.
   */
  applySlow(write: Write): Promise<WriteRefused | undefined>;
  /**
   * Holds knobs on a clock, beside its setting, until others are held. The original settings are saved, restored and
   * watched as those of speeds are. After a refusal the clock has the knobs it had before. With a back end that is not
   * slow, all is done before the call returns.
   */
  hold(clock: Clock["id"], knobs: Knobs): Promise<WriteRefused | undefined>;
  /** The knobs that are held on a clock; undefined if it is not managed. */
  held(clock: Clock["id"]): HeldKnobs | undefined;
  /** What the kernel reports of one CPU now. Reads files, so it must not be called while a packet is handled. */
  observe(pcpu: Pcpu): Observation | undefined;
  /**
   * What the files of a clock should contain under a setting, and what they contain. Reads files, so it must not be
   * called while a packet is handled.
   */
  inspect(write: Write): readonly FileState[];
  /**
   * Looks for CPUs that came or went and for files that another program changed, at a part of the clocks in each call.
   * Calls the events given at opening.
   */
  refresh(): void;
  /** Does what `OnExit` says and closes all files. Returns the settings that could not be put back. */
  close(): readonly WriteRefused[];
  /** Does what {@link close} does, for any back end, after the writes that were asked for. */
  closeSlow(): Promise<readonly WriteRefused[]>;
  /** Closes all files and changes nothing. The journal stays for a daemon that follows at once. */
  leave(): void;
}

/** Events of the clocks. */
export interface CpufreqEvents {
  /** {@link Cpufreq.clocks} changed: a CPU came, went, or has another table. */
  clocksChanged(): void;
  /** Another program changed a managed file. It was handled as `OnDrift` says, and logged. */
  drift(drift: Drift): void;
  /** What was written in this turn of the event loop was read again. */
  readBack?(): void;
}

/** A file that another program changed. */
export interface Drift {
  readonly clock: Clock["id"];
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  /**
   * `reasserted`: written again. `yielded`: left until the next request. `failed`: the kernel refused the write, or
   * kept the other value because another limit is in force.
   */
  readonly outcome: "reasserted" | "yielded" | "failed";
}

/** What a file should contain, and what it contains. */
export interface FileState {
  /** The CPUs that the file is for. */
  readonly pcpus: readonly Pcpu[];
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  /** Whether both are the same, or differ only as the kernel rounds. */
  readonly ok: boolean;
  /** Whether it is a limit that is left as it is: the kernel keeps speeds within it. */
  readonly isLimit: boolean;
  /** Whether it is an original setting that the kernel refused to restore. That is tried again. */
  readonly isOwed: boolean;
}

/** The knobs of a clock. */
export interface HeldKnobs {
  readonly knobs: Knobs;
  /** What was asked for and the kernel does not offer there, as sentences. */
  readonly missing: readonly string[];
}

/** The CPUs of a package that share an uncore. */
export interface UncoreCpus {
  /** The clock whose knobs have its bounds. On the package's other clocks bounds of an uncore are not held. */
  readonly clock: Clock["id"];
  readonly pcpus: readonly Pcpu[];
}

/** A CPU that is not managed. */
export interface UnmanagedCpu {
  readonly pcpu: Pcpu;
  /** The reason for the operator: `offline`, `no cpufreq directory`, `not in ManagedCpus`, `in Reserved`, … */
  readonly reason: string;
  /** Whether the operator keeps it for others, or one that shares its clock. */
  readonly reserved?: boolean;
}

/** What the kernel reports of one CPU. */
export interface Observation {
  readonly governor: string;
  readonly minKhz: Khz;
  readonly maxKhz: Khz;
  /** The speed at which it runs now; undefined if the driver does not report it. */
  readonly currentKhz: Khz | undefined;
  /** The number of its socket; undefined if that is not known. */
  readonly socket: number | undefined;
}

/** What to set when the daemon ends: the original settings, those that are set, or the highest speed. */
export type OnExit = "restore" | "keep" | "max";

/** What to do when another program changed a setting: write ours again, or leave it. */
export type OnDrift = "reassert" | "yield";

import type { Clock, Write, WriteRefused } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";

/** The host's clocks: found, changed and put back. */
export interface Cpufreq {
  /**
   * The clocks that may be changed now; a new array whenever the CPUs of the host changed. A clock that is the same
   * object as before holds what it held; a new one, also of an old id, holds its baseline.
   */
  clocks(): readonly Clock[];
  /** CPUs that are left alone, each with the reason. */
  unmanaged(): readonly UnmanagedCpu[];
  /** Whether a write takes longer than a turn of the event loop may: then use {@link applySlow} and {@link closeSlow}. */
  readonly slow: boolean;
  /**
   * Makes the kernel hold a setting; synchronous, on files kept open. The first write to a clock saves what is there
   * to the restore journal before it. `baseline` puts that back. What is refused is undone: the clock then holds what
   * it held before.
   */
  apply(write: Write): WriteRefused | undefined;
  /**
   * {@link apply} for any back end; answers when it is done. While one write of a clock is under way only the last
   * setting that is asked for waits, and whoever asked for one that it replaced is told what became of the last.
   */
  applySlow(write: Write): Promise<WriteRefused | undefined>;
  /** What the kernel says of one CPU now; reads files, so never on a packet's way. */
  observe(pcpu: Pcpu): Observation | undefined;
  /** What the files of a clock should say under a setting, and do; reads files, so never on a packet's way. */
  inspect(write: Write): readonly FileState[];
  /** Looks again: CPUs that came or went, files that somebody else changed. Calls the events it was opened with. */
  refresh(): void;
  /** Does what `OnExit` says and closes every file. Answers what could not be put back. */
  close(): readonly WriteRefused[];
  /** {@link close} for any back end: first waits for the writes that were asked for. */
  closeSlow(): Promise<readonly WriteRefused[]>;
  /** Closes every file and changes nothing: the journal stays, for a daemon that follows at once and adopts it. */
  leave(): void;
}

/** What the daemon is told about its clocks. */
export interface CpufreqEvents {
  /** {@link Cpufreq.clocks} changed: a CPU came, went, or has another table. */
  clocksChanged(): void;
  /** Somebody else changed a file of ours; what was done follows from `OnDrift`, and has been logged. */
  drift(drift: Drift): void;
}

/** A file that no longer says what we wrote. */
export interface Drift {
  readonly clock: Clock["id"];
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  /**
   * `reasserted`: written again. `yielded`: left as found until somebody asks again. `failed`: written again, and the
   * kernel refused or holds on to what was found, because another limit is in force.
   */
  readonly outcome: "reasserted" | "yielded" | "failed";
}

/** What a file should say, and does. */
export interface FileState {
  /** CPUs that it scales. */
  readonly pcpus: readonly Pcpu[];
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  /** Whether that is the same, or what the kernel made of it. */
  readonly ok: boolean;
}

/** A CPU that is left alone. */
export interface UnmanagedCpu {
  readonly pcpu: Pcpu;
  /** For an operator: `offline`, `no cpufreq directory`, `not in ManagedCpus`, … */
  readonly reason: string;
}

/** The kernel's own word for one CPU. */
export interface Observation {
  readonly governor: string;
  readonly minKhz: Khz;
  readonly maxKhz: Khz;
  /** The speed at which it runs now; undefined where the driver does not tell. */
  readonly currentKhz: Khz | undefined;
}

/** What the kernel should hold on when the daemon ends: the originals, our settings, or the highest speed. */
export type OnExit = "restore" | "keep" | "max";

/** What to do about somebody else's change: write ours again, or let it be. */
export type OnDrift = "reassert" | "yield";

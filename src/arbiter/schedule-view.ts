import type { Khz, Pcpu } from "../base/domain.ts";
import type { WantedSpeed } from "../base/wanted-speed.ts";

// Schedules as they go into the arbiter and come out of it.

/** A schedule in force. It concerns the domains whose contract names it, or the clocks of some CPUs. */
export interface ScheduleInForce {
  readonly name: string;
  /** Empty if it is for domains. */
  readonly pcpus: readonly Pcpu[];
  readonly want: WantedSpeed;
  /** Since when it has been in force, on the wall clock. */
  readonly sinceMs: number;
  /** When it ends, on the wall clock; undefined if it always holds. */
  readonly untilMs: number | undefined;
}

/** Which schedules are in force. */
export interface ScheduleMoment {
  /** The same array as long as nothing changes. */
  readonly inForce: readonly ScheduleInForce[];
  /** When another schedule begins or one ends, on the monotonic clock; undefined if none ever does. */
  readonly dueMs: number | undefined;
}

/** What a schedule wants of a clock. */
export interface ScheduleView {
  readonly name: string;
  readonly khz: Khz;
  /** When it ends, on the wall clock; undefined if it always holds. */
  readonly untilMs: number | undefined;
}

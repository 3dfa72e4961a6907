/** What libvirt says of a domain, in words: the numbers are those of its events, states and reasons. */

/** Numbers of lifecycle events that carry a reason worth keeping. */
const STOPPED = 5;
const SHUTDOWN = 6;

const STOPPED_WORDS = [
  "shut down",
  "destroyed",
  "crashed",
  "migrated to another host",
  "saved",
  "its emulator failed",
  "stopped by loading a snapshot",
  "stopped to be created anew",
];

const SHUTDOWN_WORDS = ["shut down", "shut down by the guest", "shut down by the host"];

/** Why a domain ends. */
export interface Ending {
  readonly detail: string;
  /** Whether it has ended; else it is about to. */
  readonly isOver: boolean;
}

/**
 * Why a domain ends, told by a lifecycle event; undefined when the event is of another kind. A guest that powers off is
 * told twice, and only the first time says who did it: `before` is what was told until now.
 */
export function endingOf(event: number, detail: number, before: Ending | undefined): Ending | undefined {
  if (event === SHUTDOWN) return { detail: SHUTDOWN_WORDS[detail] ?? "shut down", isOver: false };
  if (event !== STOPPED) return undefined;
  if (detail === 0 && before?.isOver === false) return { detail: before.detail, isOver: true };
  return { detail: STOPPED_WORDS[detail] ?? "stopped", isOver: true };
}

/** How a domain is. */
export interface DomainCondition {
  readonly state: "running" | "paused" | "stopped";
  readonly detail: string;
}

/** What a state and its reason mean. */
export function conditionOf(state: number, reason: number): DomainCondition {
  switch (state) {
    case 3:
      return { state: "paused", detail: PAUSED_WORDS[reason] ?? "paused" };
    case 4:
      return { state: "running", detail: "shutting down" };
    case 5:
      return { state: "stopped", detail: SHUTOFF_WORDS[reason] ?? "stopped" };
    case 6:
      return { state: "paused", detail: "crashed" };
    case 7:
      return { state: "paused", detail: "suspended by the guest" };
    default:
      // 1 is running; 0 (no state) and 2 (blocked) are Xen's words for a vCPU that idles.
      return { state: "running", detail: RUNNING_WORDS[reason] ?? "running" };
  }
}

const RUNNING_WORDS = [
  "running",
  "booted",
  "migrated from another host",
  "restored",
  "started from a snapshot",
  "resumed",
  "migration cancelled",
  "save cancelled",
  "woken up",
  "resumed after a crash",
  "in post-copy migration",
  "post-copy migration failed",
];

const PAUSED_WORDS = [
  "paused",
  "paused by the operator",
  "paused for migration",
  "paused to be saved",
  "paused for a core dump",
  "paused by an I/O error",
  "paused by a watchdog",
  "paused after loading a snapshot",
  "paused to shut down",
  "paused for a snapshot",
  "paused by a crash of the guest",
  "paused until it starts",
  "paused for post-copy migration",
  "paused by a failed post-copy migration",
  "paused by a failed operation",
];

const SHUTOFF_WORDS = [
  "stopped",
  "shut down",
  "destroyed",
  "crashed",
  "migrated to another host",
  "saved",
  "failed to start",
  "stopped by loading a snapshot",
  "found stopped",
];

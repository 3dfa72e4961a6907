import type { Ending, Origin } from "../../base/origin.ts";

// The meaning of libvirt's numbers in events, states and reasons.

/** Lifecycle events whose reason is needed. */
const STOPPED = 5;
const SHUTDOWN = 6;

const STOPPED_ENDINGS: readonly Ending[] = [
  "shut-down",
  "destroyed",
  "crashed",
  "migrated-out",
  "saved",
  "failed",
  "snapshot-loaded",
  "recreated",
];

const SHUTDOWN_ENDINGS: readonly Ending[] = ["shut-down", "shut-down-by-guest", "shut-down-by-host"];

/** Why a domain ends. */
export interface KnownEnding {
  readonly ending: Ending;
  /** Whether it has ended already. */
  readonly isOver: boolean;
}

/**
 * Returns why a domain ends, from a lifecycle event; undefined for other events. A guest that powers off causes two
 * events, and only the first one names the cause: `before` is what was known until now.
 */
export function endingOf(
  event: number,
  detail: number,
  before: KnownEnding | undefined,
): KnownEnding | undefined {
  if (event === SHUTDOWN) return { ending: SHUTDOWN_ENDINGS[detail] ?? "shut-down", isOver: false };
  if (event !== STOPPED) return undefined;
  if (detail === 0 && before?.isOver === false) return { ending: before.ending, isOver: true };
  return { ending: STOPPED_ENDINGS[detail] ?? "stopped", isOver: true };
}

/** How a domain is. */
export type DomainCondition =
  | { readonly state: "running" | "paused"; readonly origin: Origin }
  | { readonly state: "stopped"; readonly ending: Ending };

/** The meaning of a state and its reason. */
export function conditionOf(state: number, reason: number): DomainCondition {
  switch (state) {
    case 3:
      return { state: "paused", origin: PAUSED_ORIGINS[reason] ?? "paused" };
    case 4:
      return { state: "running", origin: "shutting-down" };
    case 5:
      return { state: "stopped", ending: SHUTOFF_ENDINGS[reason] ?? "stopped" };
    case 6:
      return { state: "paused", origin: "crashed" };
    case 7:
      return { state: "paused", origin: "suspended" };
    default:
      // 1 is running. With Xen, 0 (no state) and 2 (blocked) mean an idle vCPU.
      return { state: "running", origin: RUNNING_ORIGINS[reason] ?? "unknown" };
  }
}

const RUNNING_ORIGINS: readonly Origin[] = [
  "unknown",
  "booted",
  "migrated-in",
  "restored",
  "snapshot",
  "resumed",
  "migration-cancelled",
  "save-cancelled",
  "woken",
  "resumed-after-crash",
  "post-copy",
  "post-copy-failed",
];

const PAUSED_ORIGINS: readonly Origin[] = [
  "paused",
  "paused-by-operator",
  "paused-to-migrate",
  "paused-to-save",
  "paused-to-dump",
  "paused-by-io-error",
  "paused-by-watchdog",
  "paused-from-snapshot",
  "paused-to-shut-down",
  "paused-for-snapshot",
  "paused-by-guest-crash",
  "paused-until-start",
  "paused-for-post-copy",
  "paused-by-failed-post-copy",
  "paused-by-failure",
];

const SHUTOFF_ENDINGS: readonly Ending[] = [
  "stopped",
  "shut-down",
  "destroyed",
  "crashed",
  "migrated-out",
  "saved",
  "failed-to-start",
  "snapshot-loaded",
  "found-stopped",
];

/** How a domain was started or paused. */
export const ORIGINS = [
  "unknown",
  "configured",
  "recorded",
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
  "shutting-down",
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
  "crashed",
  "suspended",
] as const;

/** One of {@link ORIGINS}. */
export type Origin = (typeof ORIGINS)[number];

/** How a domain's run ended. */
export type Ending =
  | "stopped"
  | "shut-down"
  | "shut-down-by-guest"
  | "shut-down-by-host"
  | "destroyed"
  | "crashed"
  | "migrated-out"
  | "saved"
  | "failed"
  | "failed-to-start"
  | "snapshot-loaded"
  | "recreated"
  | "found-stopped"
  | "rebooted"
  | "restarted"
  | "renamed"
  | "replaced"
  | "vanished"
  | "unconfigured"
  | "unseen";

/** The levels of journald, the quietest last. */
export const LOG_LEVELS = ["error", "warning", "notice", "info", "debug"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Machine-readable fields of a line: journald fields without their prefix `VMPOWER_`, for example `{ VM: "web1" }`, and
 * `MESSAGE_ID`, which has no prefix.
 */
export type LogFields = Readonly<Record<string, string | number>>;

/** Where lines are written. A message is a sentence without a full stop; the caller quotes untrusted text in it. */
export type Log = {
  readonly [level in LogLevel]: (message: string, fields?: LogFields) => void;
};

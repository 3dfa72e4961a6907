/** How loud a line is, quietest last; journald's names. */
export const LOG_LEVELS = ["error", "warning", "notice", "info", "debug"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What a line is about, for machines: journald fields without their `VMPOWER_` prefix, e.g. `{ VM: "web1" }`; and
 * `MESSAGE_ID`, which has none.
 */
export type LogFields = Readonly<Record<string, string | number>>;

/** Where lines go. Messages are sentence case without full stop; hostile text in them is quoted by the caller. */
export type Log = {
  readonly [level in LogLevel]: (message: string, fields?: LogFields) => void;
};

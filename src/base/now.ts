/** The time of one turn of the event loop. It is read once per turn and passed on. */
export interface Now {
  /** Milliseconds since the process started, for durations. It never goes back. */
  readonly monoMs: number;
  /** Milliseconds since the epoch by the host's clock, for people and for hours of the day. */
  readonly wallMs: number;
}

/** The time of one turn of the event loop, read once and handed on. */
export interface Now {
  /** Since the process started; for durations. Nobody can set it back. */
  readonly monoMs: number;
  /** Since the epoch, as the host's clock has it; for people, and for hours of the day. */
  readonly wallMs: number;
}

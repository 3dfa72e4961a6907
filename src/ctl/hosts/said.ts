/** The output of `vmpowerctl` on one host. */
export interface Said {
  readonly host: string;
  /** The exit status; 255 is ssh's own, if it could not connect. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Who is at the other end of a connection, by the kernel's word. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /** May look, and change nothing: who came in by the monitor socket. */
  readonly looksOnly?: boolean;
}

/** Stands for a caller that the kernel did not name. */
export const NOBODY: Caller = { uid: -1, gid: -1, pid: 0, looksOnly: true };

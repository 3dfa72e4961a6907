/** Who is at the other end of a connection, by the kernel's word. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

/** Stands for a caller that the kernel did not name; it may look, and change nothing. */
export const NOBODY: Caller = { uid: -1, gid: -1, pid: 0 };

import type { PeerProcess } from "../os/peer-process.ts";

/** The process at the other end of a connection, as the kernel reports it. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /** Whether it connected by the monitor socket, so that it may change nothing. */
  readonly looksOnly?: boolean;
  /** Its supplementary groups, where a socket needs them. */
  readonly groups?: readonly number[];
  /** The process itself, where a socket needs it. It is released when the connection ends. */
  readonly process?: PeerProcess | undefined;
}

/** A caller that the kernel did not report. */
export const NOBODY: Caller = { uid: -1, gid: -1, pid: 0, looksOnly: true };

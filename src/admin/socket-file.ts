import { lstatSync, unlinkSync } from "node:fs";

/** Identifies a file whatever its name is. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** Checks that a socket may take this path: nothing is there, or a socket that no process serves. */
export async function checkPathIsFree(path: string): Promise<void> {
  const stat = lstatOf(path);
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new Error(`Cannot serve "${path}": a file that is not a socket is in the way`);
  }
  if (await isServed(path)) {
    throw new Error(`Cannot serve "${path}": another daemon serves it already`);
  }
}

/** Removes a socket file. Another kind of file, or another socket at the path, stays. */
export function removeSocket(path: string, only?: FileIdentity): void {
  const stat = lstatOf(path);
  if (stat === undefined || !stat.isSocket()) return;
  if (only !== undefined && (stat.ino !== only.ino || stat.dev !== only.dev)) return;
  unlinkSync(path);
}

/** The identity of the file at a path. */
export function identify(path: string): FileIdentity {
  const { dev, ino } = lstatSync(path);
  return { dev, ino };
}

function lstatOf(path: string) {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether a process listens on a socket. */
export async function isServed(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch (error) {
    // EACCES does not tell. Root gets no such error, and a daemon that is not root must not take the path of another.
    return !(
      error instanceof Error &&
      "code" in error &&
      ["ECONNREFUSED", "ENOENT"].includes(String(error.code))
    );
  }
}

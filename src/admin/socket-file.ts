import { lstatSync, unlinkSync } from "node:fs";

/** Which file it is, whatever its name becomes. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** Makes sure that a socket may take this path: nothing is there, or a socket that nobody serves any more. */
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

/** Removes a socket file; anything else stays, and so does another file than the one meant. */
export function removeSocket(path: string, only?: FileIdentity): void {
  const stat = lstatOf(path);
  if (stat === undefined || !stat.isSocket()) return;
  if (only !== undefined && (stat.ino !== only.ino || stat.dev !== only.dev)) return;
  unlinkSync(path);
}

/** Which file stands at a path. */
export function identify(path: string): FileIdentity {
  const { dev, ino } = lstatSync(path);
  return { dev, ino };
}

function lstatOf(path: string) {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether somebody listens on a socket. */
export async function isServed(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch (error) {
    // Whoever may not connect cannot tell; root may, and a daemon that is not root must not take a path from another.
    return !(
      error instanceof Error &&
      "code" in error &&
      ["ECONNREFUSED", "ENOENT"].includes(String(error.code))
    );
  }
}

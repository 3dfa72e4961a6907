import { lstatSync, type Stats } from "node:fs";

/** Why something is not used, and the remedy. */
export interface Objection {
  readonly reason: string;
  readonly remedy?: string;
}

const OTHERS_WRITE = 0o002;

/** What is wrong with the directory. `unusable` means that it must not be used; otherwise a warning is enough. */
export function judgeDirectory(
  path: string,
  trusted: ReadonlySet<number>,
): { readonly stats?: Stats; readonly objection?: Objection & { readonly unusable: boolean } } {
  const stats = look(path);
  if (typeof stats === "string") {
    const remedy = `mkdir -m 0755 ${path}, owned by the user that QEMU runs as`;
    return { objection: { reason: `cannot be read: ${stats}`, remedy, unusable: true } };
  }
  if (!stats.isDirectory())
    return { objection: { reason: "is no directory", remedy: `rm ${path}`, unusable: true } };
  if (!trusted.has(stats.uid)) {
    const remedy = "chown it, or add its owner to TrustedUsers";
    return { objection: { reason: `belongs to the untrusted user ${stats.uid}`, remedy, unusable: true } };
  }
  if ((stats.mode & OTHERS_WRITE) !== 0) {
    const remedy = `chmod o-w ${path}`;
    return { stats, objection: { reason: "can be written by everyone", remedy, unusable: false } };
  }
  return { stats };
}

/**
 * Checks a file: it must be a socket, no symbolic link, and belong to a trusted user. Returns the reason, or the
 * identity of the file.
 */
export function judgeSocket(
  path: string,
  trusted: ReadonlySet<number>,
): { readonly objection?: Objection; readonly identity?: string } {
  const stats = look(path);
  if (typeof stats === "string") return { objection: { reason: `its socket cannot be read: ${stats}` } };
  if (stats.isSymbolicLink()) return { objection: { reason: "it is a symbolic link", remedy: `rm ${path}` } };
  if (!stats.isSocket()) return { objection: { reason: "it is no socket", remedy: `rm ${path}` } };
  const objection = judgeUser(stats.uid, trusted, "its socket belongs to");
  return objection === undefined ? { identity: `${stats.ino}:${stats.ctimeMs}` } : { objection };
}

/** Why the user behind a socket is not trusted. */
export function judgeUser(uid: number, trusted: ReadonlySet<number>, what: string): Objection | undefined {
  if (trusted.has(uid)) return undefined;
  return {
    reason: `${what} the untrusted user ${uid}`,
    remedy: "add the user that QEMU runs as to TrustedUsers",
  };
}

function look(path: string): Stats | string {
  try {
    return lstatSync(path);
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

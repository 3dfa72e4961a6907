import { dirname } from "node:path";
import { errnoText } from "../base/system-error.ts";
import type { Errno } from "./errno.ts";

/** Why a file of our own could not be written. */
export interface FileFailure {
  readonly errno: Errno;
  /** A sentence for an operator, with the path and the remedy. */
  readonly message: string;
}

/** The remedy for an operator. */
const REMEDIES: Readonly<Record<Errno, (path: string) => string>> = {
  ENOSPC: (path) => `make room in "${dirname(path)}"`,
  EDQUOT: (path) => `raise the quota of "${dirname(path)}"`,
  EFBIG: () => "raise the limit of file sizes (LimitFSIZE=)",
  EROFS: (path) => `mount "${dirname(path)}" writable (ReadWritePaths=)`,
  EACCES: (path) => `let the daemon's user write to "${dirname(path)}"`,
  EPERM: (path) => `let the daemon's user write to "${dirname(path)}"`,
  ENOENT: (path) => `make the directory "${dirname(path)}"`,
  ENOTDIR: (path) => `make "${dirname(path)}" a directory`,
  EMFILE: () => "raise LimitNOFILE=",
  ENFILE: () => "raise the host's limit of open files (fs.file-max)",
  EIO: () => "look for faults of the disk in the kernel's log (dmesg)",
};

/** Describes an error of the kernel. */
export function fileFailure(path: string, errno: Errno): FileFailure {
  const remedy = REMEDIES[errno]?.(path);
  const message = `Cannot write "${path}": ${errnoText(errno)}${remedy === undefined ? "" : `; ${remedy}`}`;
  return { errno, message };
}

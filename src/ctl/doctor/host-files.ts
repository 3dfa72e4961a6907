import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { attempt } from "../../base/attempt.ts";

/** Bytes that are read of a file. Of a longer one the end is read, since logs end with the newest lines. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** The kernel's directory of CPUs. */
export const CPU_ROOT = "/sys/devices/system/cpu";

/** The files of a host, or of a tree like it. A file that cannot be read counts as missing. */
export interface HostFiles {
  /** The trimmed content of a file. */
  text(path: string): string | undefined;
  names(directory: string): string[];
  stat(path: string): Stats | undefined;
}

/** The files below a root; "/" is this host. CPUs have a root of their own. */
export function openHostFiles(root: string, cpuRoot = CPU_ROOT): HostFiles {
  const at = (path: string) => {
    if (root !== "/") return `${root}${path}`;
    return path.startsWith(CPU_ROOT) ? `${cpuRoot}${path.slice(CPU_ROOT.length)}` : path;
  };
  return {
    text: (path) => attempt(() => readEnd(at(path)).trim()),
    names: (directory) => attempt(() => readdirSync(at(directory))) ?? [],
    stat: (path) => attempt(() => lstatSync(at(path))),
  };
}

/** Whether this path is a directory that can be seen. */
export function isDirectory(path: string): boolean {
  return attempt(() => statSync(path).isDirectory()) === true;
}

function readEnd(path: string): string {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(TEXT_BYTES_MAX);
    // Files of /proc and /sys report a size of 0.
    const from = Math.max(0, size - TEXT_BYTES_MAX);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, TEXT_BYTES_MAX, from));
  } finally {
    closeSync(fd);
  }
}

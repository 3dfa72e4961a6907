import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync, type Stats } from "node:fs";

/** Bytes read of a file. Of a longer one the end is read: the latest lines of a log. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** Where the kernel shows a host's CPUs. */
export const CPU_ROOT = "/sys/devices/system/cpu";

/** The files of a host, or of a tree that looks like one. What cannot be read is not there. */
export interface HostFiles {
  /** What a file says, without blanks around it. */
  text(path: string): string | undefined;
  names(directory: string): string[];
  stat(path: string): Stats | undefined;
}

/** The files below a root, where "/" is this host; those of the CPUs are below a root of their own. */
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

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

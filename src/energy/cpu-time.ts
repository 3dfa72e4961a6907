import { type ReadText, readText } from "./files.ts";

/** The file below the root of the control groups that counts the CPU time of the whole host. */
const FILE = "cpu.stat";

/**
 * The CPU time in ns that all tasks of the host have used, by the root control group below a directory like
 * `/sys/fs/cgroup`. Undefined where control groups have the older interface.
 */
export async function hostCpuTimeNs(root: string, read: ReadText = readText): Promise<number | undefined> {
  const text = await read(`${root}/${FILE}`);
  const usec = text.ok ? /^usage_usec (\d{1,19})$/m.exec(text.value)?.[1] : undefined;
  return usec === undefined ? undefined : Number(usec) * 1000;
}

import { readFileSync } from "node:fs";
import { libc } from "./libc.ts";

const MADV_DONTNEED = 4;

/** The first line of a mapping in smaps (proc(5)), if it is of a file, private, and not writable: start and end. */
const READ_ONLY_FILE = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+ +\//;
const FIRST_LINE = /^[0-9a-f]+-[0-9a-f]+ /;
const UNCHANGED = /^Anonymous: +0 kB$/;

/** Frees garbage and compiled code as soon as the event loop has nothing to do. It takes some ms. */
export function shrink(): void {
  Bun.shrink();
}

/** Frees garbage. It takes some ms. */
export function collect(): void {
  Bun.gc(true);
}

/**
 * Gives back the pages of the executable and its libraries (`MADV_DONTNEED`, madvise(2)). They stay in the kernel's page
 * cache as long as there is room, and are mapped again when they are used. Mappings of which the process has changed a
 * page, such as those that the dynamic linker relocated, are left alone: the change would be lost.
 */
export function givePagesBack(): void {
  let smaps: string;
  try {
    smaps = readFileSync("/proc/self/smaps", "latin1");
  } catch {
    // Without /proc the pages stay.
    return;
  }
  let mapping: RegExpExecArray | null = null;
  for (const line of smaps.split("\n"))
    if (FIRST_LINE.test(line)) mapping = READ_ONLY_FILE.exec(line);
    else if (mapping !== null && UNCHANGED.test(line)) {
      const [start, end] = [mapping[1], mapping[2]].map((address) => Number.parseInt(`${address}`, 16));
      libc().madvise(start as number, (end as number) - (start as number), MADV_DONTNEED);
    }
}

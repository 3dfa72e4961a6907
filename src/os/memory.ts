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

/** Mappings whose pages can be given back, as their lines in maps (proc(5)) say. */
interface Mapping {
  readonly line: string;
  readonly start: number;
  readonly end: number;
}

let mappings: readonly Mapping[] | undefined;

/**
 * Gives back the pages of the executable and its libraries (`MADV_DONTNEED`, madvise(2)). They stay in the kernel's page
 * cache as long as there is room, and are mapped again when they are used. Mappings of which the process has changed a
 * page, such as those that the dynamic linker relocated, are left alone: the change would be lost. That is found out at the
 * first call; a breakpoint that a debugger sets later, in a daemon at rest, is lost.
 */
export function givePagesBack(): void {
  mappings ??= unchangedMappings();
  const now = textOf("/proc/self/maps");
  for (const { line, start, end } of mappings)
    if (now.includes(line)) libc().madvise(start, end - start, MADV_DONTNEED);
}

/** It takes some ms, because the kernel counts the pages of each mapping. */
function unchangedMappings(): Mapping[] {
  const found: Mapping[] = [];
  let line: RegExpExecArray | null = null;
  for (const text of textOf("/proc/self/smaps").split("\n"))
    if (FIRST_LINE.test(text)) line = READ_ONLY_FILE.exec(text);
    else if (line !== null && UNCHANGED.test(text)) {
      const [start = 0, end = 0] = line.slice(1).map((address) => Number.parseInt(address, 16));
      found.push({ line: `${line.input}\n`, start, end });
    }
  return found;
}

/** The text of a file; empty without /proc. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

import fs from "node:fs";
import { parseCpuList } from "../../base/cpu-list.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { type Errno, errnoOf } from "../../os/errno.ts";

/** The kernel gives one page for a sysfs file; what is longer is not one. */
const FILE_SIZE_MAX = 4096;

/** Speeds above this are rubbish: 100 GHz. */
const KHZ_MAX = 100_000_000;

/** How much of a foreign text is shown in a message. */
const QUOTE_MAX = 60;

/** There is no such file, or something that is none. */
const ABSENT: readonly Errno[] = ["ENOENT", "ENODEV", "ENXIO", "ENOTDIR", "EISDIR", "ELOOP"];

/** We are short of something: it says nothing about the file. */
const SHORT: readonly Errno[] = ["EMFILE", "ENFILE", "ENOMEM"];

/** It could not be looked whether a file is there and what it says. {@link looked} catches it. */
class LookFailed extends Error {
  override readonly name = "LookFailed";
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(errno);
    this.errno = errno;
  }
}

/** What a look found, or why it failed. */
export function looked<T>(look: () => T): Result<T, Errno> {
  try {
    return success(look());
  } catch (error) {
    if (error instanceof LookFailed) return failure(error.errno);
    throw error;
  }
}

/** Does a call of the file system; undefined where there is no such file. Throws {@link LookFailed} for other refusals. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const errno = errnoOf(error);
    if (ABSENT.includes(errno)) return undefined;
    throw new LookFailed(errno);
  }
}

const page = Buffer.alloc(FILE_SIZE_MAX);

/** What a small file says, without the white space around it; undefined when there is none. */
export function readText(path: string): string | undefined {
  return readRaw(path)?.trim();
}

/** What a small file says, to the byte. */
export function readRaw(path: string): string | undefined {
  return attempt(() => {
    // A FIFO planted in a tree must not hold us up.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      return page.toString("latin1", 0, fs.readSync(fd, page, 0, FILE_SIZE_MAX, 0));
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** As {@link readRaw}, for a file that can be done without: some hardware refuses to tell. */
export function readOptional(path: string): string | undefined {
  try {
    return readRaw(path);
  } catch (error) {
    if (error instanceof LookFailed && !SHORT.includes(error.errno)) return undefined;
    throw error;
  }
}

/** One decimal number from 0 to {@link KHZ_MAX}. */
export function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value > KHZ_MAX ? undefined : value;
}

/** A speed: a number above 0. */
export function parseKhz(text: string | undefined): Khz | undefined {
  const khz = parseNumber(text);
  return khz === 0 ? undefined : khz;
}

/** CPU numbers as either of the kernel's ways to list them, `0-1,4` and `0 1 4`; undefined when it is neither. */
export function parseCpus(text: string): Pcpu[] | undefined {
  return parseCpuList(text.trim().replaceAll(/\s+/g, ","));
}

/** A foreign text, fit for a message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}…` : text);
}

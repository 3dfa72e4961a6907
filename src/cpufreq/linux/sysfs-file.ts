import fs from "node:fs";
import { parseCpuList } from "../../base/cpu-list.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { type Errno, errnoOf } from "../../os/errno.ts";

/** The most bytes of a sysfs file: the kernel gives one page. */
const FILE_SIZE_MAX = 4096;

/** Higher speeds are errors: 100 GHz. */
const KHZ_MAX = 100_000_000;

/** Longest part of a foreign text that a message shows. */
const QUOTE_MAX = 60;

/** Codes that mean: there is no such file. */
const ABSENT: readonly Errno[] = ["ENOENT", "ENODEV", "ENXIO", "ENOTDIR", "EISDIR", "ELOOP"];

/** Codes that mean: the process lacks a resource. They say nothing about the file. */
const SHORT: readonly Errno[] = ["EMFILE", "ENFILE", "ENOMEM"];

/** A file could not be looked at for the moment. {@link looked} catches it. */
class LookFailed extends Error {
  override readonly name = "LookFailed";
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(errno);
    this.errno = errno;
  }
}

/** Runs a look and returns its result, or the code of the failure. */
export function looked<T>(look: () => T): Result<T, Errno> {
  try {
    return success(look());
  } catch (error) {
    if (error instanceof LookFailed) return failure(error.errno);
    throw error;
  }
}

/**
 * Makes a call of the file system; undefined if there is no such file. Throws {@link LookFailed} for other failures.
 */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const errno = errnoOf(error);
    if (ABSENT.includes(errno)) return undefined;
    throw new LookFailed(errno);
  }
}

const page = Buffer.alloc(FILE_SIZE_MAX);

/** The trimmed content of a small file; undefined if there is none. */
export function readText(path: string): string | undefined {
  return readRaw(path)?.trim();
}

/** The content of a small file, to the byte. */
export function readRaw(path: string): string | undefined {
  return ifThere(() => {
    // A FIFO in the tree must not block us.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      return page.toString("latin1", 0, fs.readSync(fd, page, 0, FILE_SIZE_MAX, 0));
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** Does what {@link readRaw} does, for an optional file: some hardware refuses to read it. */
export function readOptional(path: string): string | undefined {
  try {
    return readRaw(path);
  } catch (error) {
    if (error instanceof LookFailed && !SHORT.includes(error.errno)) return undefined;
    throw error;
  }
}

/** Parses a decimal number from 0 to {@link KHZ_MAX}. */
export function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value > KHZ_MAX ? undefined : value;
}

/** Parses a speed: a number above 0. */
export function parseKhz(text: string | undefined): Khz | undefined {
  const khz = parseNumber(text);
  return khz === 0 ? undefined : khz;
}

/** Parses both of the kernel's formats for CPU lists, `0-1,4` and `0 1 4`; undefined for other texts. */
export function parseCpus(text: string): Pcpu[] | undefined {
  return parseCpuList(text.trim().replaceAll(/\s+/g, ","));
}

/** Quotes a foreign text for a message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}…` : text);
}

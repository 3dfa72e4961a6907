import fs from "node:fs";
import { parseCpuList } from "../base/cpu-list.ts";
import type { Khz, Pcpu } from "../base/domain.ts";

/** The kernel gives one page for a sysfs file; what is longer is not one. */
const FILE_SIZE_MAX = 4096;

/** Speeds above this are rubbish: 100 GHz. */
const KHZ_MAX = 100_000_000;

/** How much of a foreign text is shown in a message. */
const QUOTE_MAX = 60;

const page = Buffer.alloc(FILE_SIZE_MAX);

/** What a small file says, without the white space around it; undefined when it cannot be read. */
export function readText(path: string): string | undefined {
  return readRaw(path)?.trim();
}

/** What a small file says, to the byte. */
export function readRaw(path: string): string | undefined {
  let fd: number;
  try {
    // A FIFO planted in a tree must not hold us up.
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return page.toString("latin1", 0, fs.readSync(fd, page, 0, FILE_SIZE_MAX, 0));
  } catch {
    return undefined;
  } finally {
    fs.closeSync(fd);
  }
}

/** A file with one decimal number from 0 to {@link KHZ_MAX}; undefined when it holds anything else. */
export function readNumber(path: string): number | undefined {
  return parseNumber(readText(path));
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

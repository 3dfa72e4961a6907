import { CPU_NUMBER_END, parseCpuList } from "../base/cpu-list.ts";
import { KHZ_MAX, type Pcpu, VCPUS_MAX } from "../base/domain.ts";
import { parseSpeedBound, type SpeedBound } from "../base/speed-bound.ts";
import { nearest } from "./suggest.ts";

/** The value of a text, or what the text should have been. */
export type Parsed<T> = { readonly value: T } | { readonly expected: string; readonly suggestion?: string };

/** Parses the text of one value, which is never empty. */
export type Parser<T> = (text: string) => Parsed<T>;

/** The most users in one list. */
const USERS_MAX = 64;

const PATH_BYTES_MAX = 4095;
const URI_LENGTH_MAX = 1024;

const TRUE_WORDS = ["yes", "true", "on", "1"];
const FALSE_WORDS = ["no", "false", "off", "0"];

/** Reads yes/no and the other words that systemd takes for them. */
export function boolean(text: string): Parsed<boolean> {
  const word = text.toLowerCase();
  if (TRUE_WORDS.includes(word)) return { value: true };
  if (FALSE_WORDS.includes(word)) return { value: false };
  return { expected: "yes or no" };
}

/** Makes a parser that accepts one of several words. */
export function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return (text) => {
    const value = words.find((word) => word === text);
    if (value !== undefined) return { value };
    const near = nearest(text, words);
    const expected = `one of ${words.join(", ")}`;
    return near === undefined ? { expected } : { expected, suggestion: `did you mean "${near}"?` };
  };
}

/** Makes a parser of whole numbers within bounds, both included. */
export function integer(min: number, max: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? { value } : { expected: `a whole number from ${min} to ${max}` };
  };
}

/** Parses an absolute path. Superfluous slashes are removed, so that paths can be compared as text. */
export function absolutePath(text: string): Parsed<string> {
  if (!text.startsWith("/")) return { expected: 'an absolute path, starting with "/"' };
  const names = text.split("/").filter((name) => name !== "");
  if (names.some((name) => name === "." || name === "..")) return { expected: 'a path without "." and ".."' };
  const value = `/${names.join("/")}`;
  if (Buffer.byteLength(value) > PATH_BYTES_MAX) return { expected: `at most ${PATH_BYTES_MAX} bytes` };
  return { value };
}

/** Makes a parser of a socket's absolute path, whose length the kernel limits. */
export function socketPath(bytesMax: number): Parser<string> {
  return (text) => {
    const parsed = absolutePath(text);
    if (!("value" in parsed) || Buffer.byteLength(parsed.value) <= bytesMax) return parsed;
    return { expected: `at most ${bytesMax} bytes: the kernel limits the path of a socket` };
  };
}

/** Reads `auto`, `off`, or names of meters. */
export function meters(text: string): Parsed<"auto" | "off" | readonly string[]> {
  if (text === "auto" || text === "off") return { value: text };
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  if (names.length > 0 && names.length <= METERS_MAX && names.every((name) => METER.test(name)))
    return { value: names };
  return { expected: "auto, off, or names of meters like package-0,package-1" };
}

const METERS_MAX = 64;
const METER = /^[\w.:#/-]{1,128}$/;

/** Reads a list of CPUs that is not empty. */
export function cpuNumbers(text: string): Parsed<readonly Pcpu[]> {
  const cpus = parseCpuList(text);
  if (cpus !== undefined && cpus.length > 0) return { value: cpus };
  return { expected: `a list of CPUs below ${CPU_NUMBER_END} like 0-3,8` };
}

/** Makes a parser of one word, or a list of CPUs. */
export function cpusOr<Word extends string>(word: Word): Parser<Word | readonly Pcpu[]> {
  return (text) => {
    if (text === word) return { value: word };
    const parsed = cpuNumbers(text);
    return "value" in parsed ? parsed : { expected: `"${word}" or ${parsed.expected}` };
  };
}

/** Parses the pCPU of each vCPU: a list whose order counts, `2,3` or `2-5`. Repeats are allowed. */
export function vcpuPins(text: string): Parsed<readonly Pcpu[]> {
  const cpus: Pcpu[] = [];
  for (const part of text.split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!(first <= last && last < CPU_NUMBER_END)) {
      return {
        expected: `the CPU (below ${CPU_NUMBER_END}) of vCPU 0, of vCPU 1 and so on, like 2,3 or 2-5`,
      };
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
    if (cpus.length > VCPUS_MAX) return { expected: `at most ${VCPUS_MAX} vCPUs` };
  }
  return { value: cpus };
}

/** Reads user names or numbers, separated by spaces or commas. */
export function users(text: string): Parsed<readonly string[]> {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  const wrong = names.find((name) => !ACCOUNT.test(name));
  if (names.length === 0 || names.length > USERS_MAX || wrong !== undefined) {
    return { expected: `1 to ${USERS_MAX} user names or numbers, separated by spaces` };
  }
  return { value: [...new Set(names)] };
}

/** Reads the name or number of one user or group. */
export function account(text: string): Parsed<string> {
  return ACCOUNT.test(text) ? { value: text } : { expected: "one name or number" };
}

const ACCOUNT = /^(?:\d{1,10}|[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?)$/;

/** Reads a libvirt connection URI. */
export function uri(text: string): Parsed<string> {
  if (text.length <= URI_LENGTH_MAX && /^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(text)) return { value: text };
  return { expected: "a libvirt URI like qemu:///system" };
}

/** An address of this host and a port. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Reads an address to listen on: `127.0.0.1:9101`, `[::1]:9101`. */
export function listenAddress(text: string): Parsed<ListenAddress> {
  const match = /^(?:\[([0-9a-fA-F:]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3})|(localhost)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[4]);
  const hostname = match?.[1] ?? match?.[2] ?? match?.[3];
  if (hostname === undefined || !(port >= 1 && port <= 65_535)) {
    return { expected: "an address and a port like 127.0.0.1:9101 or [::1]:9101" };
  }
  return { value: { hostname, port } };
}

/** Reads a bound of speeds: `2300000` (kHz), `2.3GHz`, `2300MHz`, or a part of the range without turbo, `60%`. */
export function speedBound(text: string): Parsed<SpeedBound> {
  const value = parseSpeedBound(text);
  if (value !== undefined) return { value };
  return {
    expected: `a speed up to ${KHZ_MAX} kHz like 2300000, 2.3GHz or 2300MHz, a part like 60%, or none`,
  };
}

/** Makes a parser of some of several words, separated by commas or spaces, or `none`. */
export function someOf<const T extends string>(words: readonly T[]): Parser<readonly T[]> {
  const expected = `none, or some of ${words.join(",")}`;
  return (text) => {
    if (text === "none") return { value: [] };
    const written = text.split(/[\s,]+/).filter((word) => word !== "");
    const wrong = written.find((word) => !words.some((known) => known === word));
    if (wrong === undefined && written.length > 0)
      return { value: words.filter((word) => written.includes(word)) };
    const near = wrong === undefined ? undefined : nearest(wrong, words);
    return near === undefined ? { expected } : { expected, suggestion: `did you mean "${near}"?` };
  };
}

/** The longest name of a class or a schedule. */
const NAME_LENGTH_MAX = 64;

/** Reads the name of a class. */
export function className(text: string): Parsed<string> {
  return sectionName(text, "class");
}

/** Reads the name of a section of some kind. */
export function sectionName(text: string, what: string): Parsed<string> {
  if (text.length <= NAME_LENGTH_MAX && /^[\w.-]+$/.test(text)) return { value: text };
  const article = /^[aeiou]/.test(what) ? "an" : "a";
  return {
    expected: `the name of ${article} ${what}: up to ${NAME_LENGTH_MAX} letters, digits, "_", "." and "-"`,
  };
}

/** Reads the size of a guest's packets, or `auto`. */
export function abi(text: string): Parsed<"auto" | 16 | 456 | 460 | 464> {
  switch (text) {
    case "auto":
      return { value: "auto" };
    case "16":
      return { value: 16 };
    case "456":
      return { value: 456 };
    case "460":
      return { value: 460 };
    case "464":
      return { value: 464 };
    default:
      return { expected: "one of auto, 16, 456, 460, 464" };
  }
}

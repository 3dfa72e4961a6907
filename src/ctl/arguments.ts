import { ORDER_SECONDS_MAX } from "../admin/parameters.ts";
import { CPU_NUMBER_END, parseCpuList } from "../base/cpu-list.ts";
import { type Pcpu, VCPUS_MAX, type Vcpu } from "../base/domain.ts";
import { UsageError } from "../terminal/exit-code.ts";
import { optionParser } from "../terminal/option-values.ts";
import { quoted } from "../terminal/text.ts";

/** The most channel numbers in one command. */
const CHANNELS_MAX = 4096;

/** Parses the value of an option, and names the option if the value is wrong. Undefined if it was not given. */
export function optionOf<T>(
  values: ReadonlyMap<string, string>,
  flag: string,
  parse: (text: string) => T,
): T | undefined {
  const text = values.get(flag);
  return text === undefined ? undefined : optionParser(flag, parse)(text);
}

/** Reads CPUs: `2-5,8`, `cpu7`. */
export function cpusArgument(text: string): Pcpu[] {
  const cpus = parseCpuList(text.replace(/^cpu(?=\d)/i, "")) ?? [];
  if (cpus.length > 0) return cpus;
  throw new UsageError(
    `${quoted(text)} is not a list of CPUs like 2-5,8, with numbers below ${CPU_NUMBER_END}`,
  );
}

/** Parses numbers of vCPUs: `0-3`. */
export function vcpusArgument(text: string): Vcpu[] {
  const vcpus = parseCpuList(text) ?? [];
  if (vcpus.length > 0 && vcpus.every((vcpu) => vcpu < VCPUS_MAX)) return vcpus;
  throw new UsageError(`${quoted(text)} is not a list of vCPUs like 0-3, with numbers below ${VCPUS_MAX}`);
}

/** Parses the CPUs for a pin: `2-5,8`, or a mask like `0x3c`. */
export function cpuSetArgument(text: string): Pcpu[] {
  const mask = /^0x([0-9a-f]{1,2048})$/i.exec(text)?.[1];
  if (mask === undefined) return cpusArgument(text);
  const digits = [...mask].reverse().map((digit) => Number.parseInt(digit, 16));
  const cpus = digits.flatMap((digit, at) =>
    [0, 1, 2, 3].filter((bit) => (digit >> bit) & 1).map((bit) => at * 4 + bit),
  );
  if (cpus.length === 0) throw new UsageError(`The mask ${quoted(text)} names no CPU: 0x3c names CPUs 2-5`);
  return cpus;
}

/** Parses the number of a vCPU, counted from 0. */
export function vcpuNumberArgument(text: string): Vcpu {
  if (/^\d{1,9}$/.test(text) && Number(text) < VCPUS_MAX) return Number(text);
  throw new UsageError(`${quoted(text)} is not the number of a vCPU: it is from 0 to ${VCPUS_MAX - 1}`);
}

/** Parses one CPU, `7` or `cpu7`. Any other text is a name and is returned as it is. */
export function cpuOrNameArgument(text: string): Pcpu | string {
  const match = /^(?:cpu)?(\d{1,5})$/i.exec(text);
  if (match !== null) return Number(match[1]);
  if (/^(?:cpu)?\d[\d,-]*$/i.test(text))
    throw new UsageError(`${quoted(text)} is not one CPU like 7 or cpu7`);
  return text;
}

/** Reads a vCPU of a VM: `web1:0`. */
export function vcpuArgument(text: string): { readonly vm: string; readonly vcpu: Vcpu } | undefined {
  const match = /^(.+):(\d{1,5})$/s.exec(text);
  return match === null ? undefined : { vm: match[1] as string, vcpu: Number(match[2]) };
}

/** Reads channels of a VM: `0,1,4-7`, or undefined for `all`. */
export function channelsArgument(text: string): number[] | undefined {
  if (text === "all") return undefined;
  const channels = parseCpuList(text);
  if (channels === undefined || channels.length === 0 || channels.length > CHANNELS_MAX) {
    throw new UsageError(`${quoted(text)} is neither "all" nor a list of channels like 0,1`);
  }
  return channels;
}

/** Parses one of two words as true or false. */
export function switchArgument(text: string, [on, off]: readonly [string, string]): boolean {
  if (text === on) return true;
  if (text === off) return false;
  throw new UsageError(`${quoted(text)} is neither "${on}" nor "${off}"`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 };

/** Parses a duration and returns seconds: `30s`, `10m`, `2h`, `7d`. */
export function durationArgument(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * (UNIT_SECONDS[match[2] ?? ""] ?? 0);
  if (seconds > 0 && seconds <= ORDER_SECONDS_MAX) return seconds;
  throw new UsageError(`${quoted(text)} is not a time like 30s, 10m, 2h or 7d, at most a year`);
}

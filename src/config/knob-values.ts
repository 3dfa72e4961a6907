import { KHZ_MAX, type Khz } from "../base/domain.ts";
import { parseKhz } from "../base/speed-bound.ts";
import { integer, type Parsed } from "./values.ts";

// Values of what is set on CPUs beside speeds.

/** The longest latency: a second is more than any CPU takes. */
const LATENCY_MAX_US = 1_000_000;

/** Reads the longest time in µs that a CPU may take to wake, or `none`. */
export function latency(text: string): Parsed<number | "none"> {
  if (text === "none") return { value: text };
  const parsed = integer(0, LATENCY_MAX_US)(text);
  return "value" in parsed ? parsed : { expected: `${parsed.expected} (µs), or none` };
}

/** Parses a speed, or `none`. */
export function speedOrNone(text: string): Parsed<Khz | "none"> {
  const value = text === "none" ? text : parseKhz(text);
  if (value === "none" || (value !== undefined && value <= KHZ_MAX)) return { value };
  return { expected: `a speed up to ${KHZ_MAX} kHz like 2400000, 2.4GHz or 2400MHz, or none` };
}

/** The most governors of one list. */
const GOVERNORS_MAX = 8;

/** Reads names of governors, the preferred one first, or `none`. */
export function governors(text: string): Parsed<readonly string[] | "none"> {
  if (text === "none") return { value: text };
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  const isList = names.length > 0 && names.length <= GOVERNORS_MAX;
  if (isList && names.every((name) => /^[a-z][\w-]{0,31}$/.test(name))) return { value: names };
  return { expected: `1 to ${GOVERNORS_MAX} governors like powersave,schedutil, or none` };
}

/** What becomes of unused CPUs. */
export type Parked = "keep" | "min" | { readonly governors: readonly string[] };

/** Reads what becomes of unused CPUs: `governor powersave,schedutil` names governors, the preferred one first. */
export function parked(text: string): Parsed<Parked> {
  if (text === "keep" || text === "min") return { value: text };
  const list = /^governor\s+(.+)$/.exec(text)?.[1];
  const parsed = list === undefined ? undefined : governors(list);
  if (parsed !== undefined && "value" in parsed && parsed.value !== "none")
    return { value: { governors: parsed.value } };
  return { expected: "keep, min, or governor and 1 to 8 governors like governor powersave,schedutil" };
}

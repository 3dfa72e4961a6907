import { KHZ_MAX, type Khz } from "./domain.ts";

/**
 * A bound of a contract: a speed, a part of each clock's range without turbo (0 its lowest, 100 its highest speed), or
 * no bound.
 */
export type SpeedBound = Khz | { readonly percent: number } | "none";

const KHZ_PER_UNIT: Readonly<Record<string, number>> = { khz: 1, mhz: 1000, ghz: 1_000_000 };

/** Parses a speed in kHz, or with a unit: `2300000`, `2300MHz`, `2.3GHz`. Undefined if it is none. */
export function parseKhz(text: string): Khz | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*(khz|mhz|ghz)?$/i.exec(text);
  if (match === null) return undefined;
  const khz = Math.round(Number(match[1]) * (KHZ_PER_UNIT[match[2]?.toLowerCase() ?? "khz"] ?? 1));
  return Number.isSafeInteger(khz) && khz > 0 ? khz : undefined;
}

/** Parses what {@link parseKhz} does up to {@link KHZ_MAX}, or a part of the range from `0%` to `100%`, or `none`. */
export function parseSpeedBound(text: string): SpeedBound | undefined {
  if (text === "none") return text;
  const percent = /^(\d{1,3})\s*%$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) <= 100 ? { percent: Number(percent) } : undefined;
  const khz = parseKhz(text);
  return khz !== undefined && khz <= KHZ_MAX ? khz : undefined;
}

import type { Energy, Saved } from "../admin/control-types.ts";
import { printable } from "../terminal/text.ts";

/** Who tells the joules: meters or the model. */
export function sourceText({ meters, meteredJoules, joules }: Energy): string {
  const by = meters.map(printable).join(", ");
  if (meteredJoules <= 0) return "modelled only, because this host has no meter that counts";
  const part = Math.round((100 * meteredJoules) / joules);
  return part >= 100
    ? `metered by ${by}`
    : `${part} % of it metered${by === "" ? "" : ` by ${by}`}, the rest modelled`;
}

/** What was saved, with both ends of its interval. */
export function savedText(saved: Saved | undefined): string {
  if (saved === undefined) return "not known";
  const { joules, low, high } = saved;
  if (Math.max(-low, high) < 0.5) return "0 J";
  const unit = unitOf(Math.max(Math.abs(low), Math.abs(high)));
  const [best, from, to] = [joules, low, high].map((each) => digits(each / unit.joules));
  return `${best} (${from} to ${to}) ${unit.name}`;
}

const UNITS = [
  { joules: 1e6, name: "MJ" },
  { joules: 1e3, name: "kJ" },
  { joules: 1, name: "J" },
] as const;

function unitOf(joules: number) {
  return UNITS.find((unit) => Math.abs(joules) >= unit.joules) ?? UNITS[2];
}

/** Formats energy: `41.2 MJ`. */
export function formatJoules(joules: number): string {
  const unit = unitOf(joules);
  return `${digits(joules / unit.joules)} ${unit.name}`;
}

/** Formats power: `68.1 W`. */
export function formatWatts(watts: number): string {
  return `${digits(watts)} W`;
}

/** Three digits, as far as they are behind the point. */
export function digits(value: number): string {
  const whole = Math.abs(value) < 1 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.max(0, 3 - whole));
}

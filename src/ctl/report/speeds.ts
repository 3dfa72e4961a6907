import type { StateTime } from "../../admin/control-types.ts";
import { formatGhz } from "../../base/format-khz.ts";
import { escaped } from "./html.ts";
import type { Band } from "./plot.ts";
import { secondsOf } from "./report.ts";

/** Shades from the slowest to the fastest speed. */
const SHADES = 8;

/** The bands of speeds: the shades, slow ones first, and then the original settings. */
export const SPEED_BANDS: readonly Band[] = [
  ...Array.from({ length: SHADES }, (_, shade) => ({ name: "", className: `s${shade}` })),
  { name: "original settings", className: "own" },
];

/** The range of all speeds, which the shades divide. */
export interface SpeedRange {
  readonly minKhz: number;
  readonly maxKhz: number;
}

/** The range of the speeds in some states; undefined if there is none. */
export function speedRange(states: Iterable<StateTime>): SpeedRange | undefined {
  let range: SpeedRange | undefined;
  for (const { khz } of states)
    if (khz !== undefined)
      range = { minKhz: Math.min(range?.minKhz ?? khz, khz), maxKhz: Math.max(range?.maxKhz ?? khz, khz) };
  return range;
}

/** The part of the time in each of the bands, in percent; nothing without any time. */
export function speedParts(states: readonly StateTime[], range: SpeedRange | undefined): number[] {
  const total = secondsOf(states);
  const parts = SPEED_BANDS.map(() => 0);
  for (const { khz, seconds } of states) {
    const band = khz === undefined || range === undefined ? SHADES : shadeOf(khz, range);
    if (total > 0) parts[band] = (parts[band] ?? 0) + (100 * seconds) / total;
  }
  return parts;
}

/** A bar of these parts, as SVG. */
export function speedBar(states: readonly StateTime[], range: SpeedRange | undefined, label: string): string {
  let left = 0;
  const boxes = speedParts(states, range).map((part, band) => {
    const from = left;
    left += part;
    const className = SPEED_BANDS[band]?.className ?? "";
    return part <= 0
      ? ""
      : `<rect class="${className}" x="${from.toFixed(1)}" width="${part.toFixed(1)}" height="10"/>`;
  });
  return `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${escaped(label)}">${boxes.join("")}</svg>`;
}

/** The legend of the shades. */
export function speedLegend(range: SpeedRange | undefined): string {
  const own = `<span class="item"><i class="own"></i>original settings</span>`;
  if (range === undefined) return own;
  const shades = SPEED_BANDS.slice(0, SHADES).map(({ className }) => `<i class="${className}"></i>`);
  const { minKhz, maxKhz } = range;
  return `<span class="item ramp">${formatGhz(minKhz)} ${shades.join("")} ${formatGhz(maxKhz)} GHz</span>${own}`;
}

function shadeOf(khz: number, { minKhz, maxKhz }: SpeedRange): number {
  if (maxKhz === minKhz) return SHADES - 1;
  return Math.min(SHADES - 1, Math.floor((SHADES * (khz - minKhz)) / (maxKhz - minKhz)));
}

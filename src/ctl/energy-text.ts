import type { Energy, Saved, VmEnergy } from "../admin/control-types.ts";
import type { Column } from "../terminal/table.ts";
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

/** The columns of a table of energy. `who` is the head of the first one. */
export function energyColumns(who: string): readonly Column[] {
  return [
    { head: who, flexible: true },
    { head: "ENERGY", align: "right" },
    { head: "POWER", align: "right" },
    { head: "SAVED (95 %)", align: "right" },
    { head: "AGAINST MAX (95 %)", align: "right" },
  ];
}

/** The row of a VM. */
export function energyRow(who: string, use: Partial<VmEnergy> | undefined): string[] {
  const { joules = 0, watts = 0, savedBaseline, savedMax } = use ?? {};
  const saved = [savedText(savedBaseline), savedText(savedMax)];
  return [printable(who), formatJoules(joules), formatWatts(watts), ...saved];
}

/** The rows of what no VM used, and of all together. */
export function otherRows(energy: Energy): string[][] {
  const seconds = (energy.toMs - energy.fromMs) / 1000;
  const plain = (who: string, joules: number) => [
    who,
    formatJoules(joules),
    formatWatts(joules / seconds),
    "",
    "",
  ];
  return [
    plain("host's own tasks", energy.hostJoules),
    plain("idle", energy.idleJoules),
    energyRow("all", energy),
  ];
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

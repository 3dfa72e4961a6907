import type { Table } from "./steps.ts";

// What the wants of several vCPUs on one clock come to, written down from vm-power-protocol(7) and vm-power.conf(5).

/** What a clock may be set to: the index of an entry, or as it was found. */
export type Setting = number | "found";

/** The highest index that is wanted, twice, and one more if a silent vCPU is pinned there. This is: none is wanted. */
export const NOBODY = 255 << 1;

/** What holds on a clock besides the wants of vCPUs. */
export interface Ground {
  readonly table: Table;
  /** The speed that was found, and whether the daemon may take another one for it. */
  readonly foundKhz: number;
  readonly isBlurred: boolean;
  readonly mayBeParked: boolean;
  readonly mustBeParked: boolean;
}

/** The entries of a floor and of a schedule for the clock; undefined where there is none. */
interface Bounds {
  readonly floor: number | undefined;
  readonly schedule: number | undefined;
}

/** Of what each vCPU may want, everything that it may come to: the highest counts. */
export function outcomesOf(options: Iterable<ReadonlySet<number>>): Set<number> {
  let outcomes = new Set([NOBODY]);
  for (const own of options) {
    if (own.size === 1 && own.has(NOBODY)) continue;
    const next = new Set<number>();
    for (const outcome of outcomes) for (const option of own) next.add(joined(outcome, option));
    outcomes = next;
  }
  return outcomes;
}

function joined(a: number, b: number): number {
  return (Math.min(a >> 1, b >> 1) << 1) | ((a | b) & 1);
}

/** What a clock may be set to for one outcome. A silent vCPU holds the speed that was found against slower ones. */
export function settingsOf(outcome: number, ground: Ground, { floor, schedule }: Bounds): Setting[] {
  const { table, foundKhz, isBlurred, mayBeParked, mustBeParked } = ground;
  const isSilent = (outcome & 1) === 1;
  const wanted = table.khz[outcome >> 1] === undefined ? undefined : outcome >> 1;
  if (schedule !== undefined) {
    const isScheduled = wanted === undefined || (isSilent && schedule < wanted);
    return [lifted(isScheduled ? schedule : wanted, floor)];
  }
  if (wanted === undefined) {
    const parked = mayBeParked ? [table.khz.length - 1] : [];
    return mustBeParked ? parked : [...parked, "found"];
  }
  const index = lifted(wanted, floor);
  const isSlower = index > 0 && (table.khz[index] as number) < foundKhz;
  const settings: Setting[] = [];
  if (isSilent && (isSlower || isBlurred)) settings.push("found");
  if (!isSilent || !isSlower || isBlurred) settings.push(index);
  return settings;
}

function lifted(index: number, floor: number | undefined): number {
  return floor === undefined ? index : Math.min(index, floor);
}

import type { Hardware } from "../machine/kernel-policy.ts";
import type { Contract } from "../players/contract.ts";
import type { Action } from "../players/guest.ts";

// What DPDK's host makes of each request, written down from vm-power-protocol(7), "STEPS AND TURBO".

/** The speeds of a host, highest first, and how its turbo behaves. */
export interface Table {
  readonly khz: readonly number[];
  readonly turbo:
    | { readonly base: number; readonly onAtStart: boolean; readonly enableIsMax: boolean }
    | undefined;
}

/** Where a vCPU stands: an index into the table, and whether it may use turbo. */
export interface Stand {
  readonly index: number;
  readonly turbo: boolean;
}

/** The table that follows from the files of a host. */
export function tableOf({ driver, khz, baseKhz }: Hardware): Table {
  const [first = 0, second = 0] = khz;
  if (driver === "acpi-cpufreq") {
    const marked = first - second === 1000;
    return { khz, turbo: marked ? { base: 1, onAtStart: true, enableIsMax: true } : undefined };
  }
  const lowest = khz.at(-1) as number;
  const ladder: number[] = [];
  for (let each = Math.min(baseKhz, first); each >= lowest; each -= 100_000) ladder.push(each);
  if (baseKhz >= first) return { khz: ladder, turbo: undefined };
  return { khz: [first, ...ladder], turbo: { base: 1, onAtStart: false, enableIsMax: false } };
}

export function firstStand({ turbo }: Table): Stand {
  return turbo === undefined || turbo.onAtStart
    ? { index: 0, turbo: turbo !== undefined }
    : { index: turbo.base, turbo: false };
}

/** Undefined if the request must be refused. */
export function stepped(table: Table, from: Stand, action: Action): Stand | undefined {
  const last = table.khz.length - 1;
  const base = table.turbo?.base ?? 0;
  const top = from.turbo ? 0 : base;
  switch (action) {
    case "max":
      return { ...from, index: top };
    case "min":
      return { ...from, index: last };
    case "down":
      return { ...from, index: Math.min(from.index + 1, last) };
    case "up":
      return from.index > top ? { ...from, index: from.index - 1 } : from;
    case "turbo":
      if (table.turbo === undefined) return undefined;
      return { index: table.turbo.enableIsMax ? 0 : from.index, turbo: true };
    case "no-turbo":
      return { index: Math.max(from.index, base), turbo: false };
  }
}

/** The nearest entry that a contract allows. Where the bounds leave none, the upper one counts. */
export function bounded({ khz }: Table, { minKhz, maxKhz }: Contract, index: number): number {
  const last = khz.length - 1;
  const highest = maxKhz === undefined ? 0 : khz.findIndex((entry) => entry <= maxKhz);
  const top = highest < 0 ? last : highest;
  const lowest = minKhz === undefined ? last : khz.findLastIndex((entry) => entry >= minKhz);
  return Math.max(top, Math.min(index, Math.max(top, lowest)));
}

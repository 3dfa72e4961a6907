import type { FrequencyTable } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { PolicySpeed } from "../base/policy-rule.ts";
import type { ScaleAction } from "../wire/packet.ts";
import { type Envelope, khzAt } from "./envelope.ts";

/** A position in a clock's table. */
export interface Position {
  readonly index: number;
  readonly turbo: boolean;
  /** Which end of the envelope limited it, if any. */
  readonly bound: "top" | "bottom" | undefined;
}

/** The position before the first request: the highest speed, as in DPDK's host (vm-power-protocol(7), "STEPS AND TURBO"). */
export function start(table: FrequencyTable, envelope: Envelope): Position {
  const turbo = table.turbo?.onAtStart === true && envelope.turbo;
  return place(highest(table, turbo), turbo, envelope);
}

/**
 * Carries out one scale action as DPDK's host does (vm-power-protocol(7), "STEPS AND TURBO"), within the envelope. Undefined
 * if turbo is to be enabled where there is none.
 */
export function step(
  table: FrequencyTable,
  envelope: Envelope,
  from: Position,
  action: ScaleAction,
): Position | undefined {
  const { index, turbo } = from;
  switch (action) {
    case "max":
      return place(highest(table, turbo), turbo, envelope);
    case "min":
      return place(table.speeds.length - 1, turbo, envelope);
    case "down":
      return place(Math.min(index + 1, table.speeds.length - 1), turbo, envelope);
    case "up":
      return place(upFrom(table, index, turbo), turbo, envelope);
    case "turbo":
      if (table.turbo === undefined || !envelope.turbo) return undefined;
      return place(table.turbo.enableIsMax ? 0 : index, true, envelope);
    case "no-turbo": {
      const base = table.turbo?.baseIndex ?? 0;
      return place(Math.max(index, base), false, envelope);
    }
  }
}

/** The position that a guest policy wants (vm-power-protocol(7), "GUEST POLICIES"), within the envelope. */
export function levelOf(
  table: FrequencyTable,
  envelope: Envelope,
  turbo: boolean,
  speed: PolicySpeed,
): Position {
  const top = highest(table, turbo);
  const index = { max: top, medium: table.speeds.length >> 1, min: table.speeds.length - 1 }[speed];
  return place(Math.max(index, top), turbo, envelope);
}

/** The lowest entry that is not below `khz`; undefined if `khz` is above the highest or below the lowest entry. */
export function positionOf(table: FrequencyTable, khz: Khz, turbo: boolean): Position | undefined {
  if (khz < khzAt(table, table.speeds.length - 1)) return undefined;
  const index = table.speeds.findLastIndex((speed) => speed.khz >= khz);
  return index < 0 ? undefined : { index, turbo, bound: undefined };
}

/** Finds the position for a speed in another table or envelope: the same speed, or the nearest. */
export function carry(from: Khz, turbo: boolean, table: FrequencyTable, envelope: Envelope): Position {
  const near = from <= khzAt(table, table.speeds.length - 1) ? table.speeds.length - 1 : undefined;
  const index = near ?? positionOf(table, from, turbo)?.index ?? 0;
  const allowed = turbo && envelope.turbo && table.turbo !== undefined;
  return place(Math.max(index, highest(table, allowed)), allowed, envelope);
}

function highest(table: FrequencyTable, turbo: boolean): number {
  return turbo ? 0 : (table.turbo?.baseIndex ?? 0);
}

/** One step up. It stops at 0, and below the turbo entries while turbo is off. */
function upFrom(table: FrequencyTable, index: number, turbo: boolean): number {
  return Math.max(index - 1, Math.min(index, highest(table, turbo)));
}

function place(index: number, turbo: boolean, { top, bottom }: Envelope): Position {
  if (index < top) return { index: top, turbo, bound: "top" };
  if (index > bottom) return { index: bottom, turbo, bound: "bottom" };
  return { index, turbo, bound: undefined };
}

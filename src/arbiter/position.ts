import type { FrequencyTable } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { PolicySpeed } from "../base/policy-rule.ts";
import type { WantedSpeed } from "../base/wanted-speed.ts";
import type { ScaleAction } from "../wire/packet.ts";
import { type Envelope, khzAt, partKhz } from "./envelope.ts";

/** A position in a clock's table. */
export interface Position {
  readonly index: number;
  readonly turbo: boolean;
  /** Which end of the envelope limited it, if any. */
  readonly bound: "top" | "bottom" | undefined;
  /** The index that it would have without an envelope. It is taken when the envelope gets wider. */
  readonly wishIndex: number;
  /** Likewise whether turbo would be enabled. */
  readonly wishTurbo: boolean;
}

/** The position before the first request: the highest speed, as in DPDK's host (vm-power-protocol(7), "STEPS AND TURBO"). */
export function start(table: FrequencyTable, envelope: Envelope): Position {
  const wishTurbo = table.turbo?.onAtStart === true;
  const turbo = wishTurbo && envelope.turbo;
  return place(envelope, highest(table, turbo), turbo, highest(table, wishTurbo), wishTurbo);
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
  const { turbo, wishTurbo } = from;
  if (action === "max")
    return place(envelope, highest(table, turbo), turbo, highest(table, wishTurbo), wishTurbo);
  if (action === "turbo" && (table.turbo === undefined || !envelope.turbo)) return undefined;
  const index = target(table, from, action);
  const switched = action === "turbo" ? true : action === "no-turbo" ? false : undefined;
  return place(envelope, index, switched ?? turbo, index, switched ?? wishTurbo);
}

/** The index that an action leads to without an envelope. */
function target(
  table: FrequencyTable,
  { index, turbo }: Position,
  action: Exclude<ScaleAction, "max">,
): number {
  switch (action) {
    case "min":
      return table.speeds.length - 1;
    case "down":
      return Math.min(index + 1, table.speeds.length - 1);
    case "up":
      return upFrom(table, index, turbo);
    case "turbo":
      return table.turbo?.enableIsMax === true ? 0 : index;
    case "no-turbo":
      return Math.max(index, table.turbo?.baseIndex ?? 0);
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
  return place(envelope, Math.max(index, top), turbo);
}

/** The position that a schedule wants, within the envelope: of a speed between two entries the higher one. */
export function wantedPosition(
  table: FrequencyTable,
  envelope: Envelope,
  turbo: boolean,
  wanted: WantedSpeed,
): Position {
  if (typeof wanted === "string") return levelOf(table, envelope, turbo, wanted);
  return carry(typeof wanted === "number" ? wanted : partKhz(table, wanted.percent), turbo, table, envelope);
}

/** The lowest entry that is not below `khz`; undefined if `khz` is above the highest or below the lowest entry. */
export function positionOf(table: FrequencyTable, khz: Khz, turbo: boolean): Position | undefined {
  if (khz < khzAt(table, table.speeds.length - 1)) return undefined;
  const index = lastNotBelow(table, khz);
  return index < 0 ? undefined : { index, turbo, bound: undefined, wishIndex: index, wishTurbo: turbo };
}

/** Finds the position for a wish in another table or envelope: the same speed, or the nearest. */
export function carry(from: Khz, turbo: boolean, table: FrequencyTable, envelope: Envelope): Position {
  const index = lastNotBelow(table, from);
  const allowed = turbo && envelope.turbo && table.turbo !== undefined;
  const wishIndex = Math.max(index, highest(table, turbo));
  return place(envelope, Math.max(index, highest(table, allowed)), allowed, wishIndex, turbo);
}

/** The index of the lowest entry that is not below `khz`; -1 if there is none. */
function lastNotBelow(table: FrequencyTable, khz: Khz): number {
  return table.speeds.findLastIndex((speed) => speed.khz >= khz);
}

function highest(table: FrequencyTable, turbo: boolean): number {
  return turbo ? 0 : (table.turbo?.baseIndex ?? 0);
}

/** One step up. It stops at 0, and below the turbo entries while turbo is off. */
function upFrom(table: FrequencyTable, index: number, turbo: boolean): number {
  return Math.max(index - 1, Math.min(index, highest(table, turbo)));
}

/** Bounds a position. It makes no other object, because it is called while a packet is handled. */
function place(
  { top, bottom }: Envelope,
  index: number,
  turbo: boolean,
  wishIndex = index,
  wishTurbo = turbo,
): Position {
  if (index < top) return { index: top, turbo, bound: "top", wishIndex, wishTurbo };
  if (index > bottom) return { index: bottom, turbo, bound: "bottom", wishIndex, wishTurbo };
  return { index, turbo, bound: undefined, wishIndex, wishTurbo };
}

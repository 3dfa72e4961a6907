import { formatKhz } from "../base/format-khz.ts";
import { Decided, refuse, type Step, withdraw } from "./change.ts";
import type { ClockState } from "./claim.ts";
import { khzAt, speedOf, wholeTable } from "./envelope.ts";
import { carry, type Position, positionOf, start, step } from "./position.ts";
import { settle } from "./settle.ts";
import type { Change, Holder, Order, OrderOptions, Refusal } from "./view.ts";
import type { Source, Want, Wants } from "./want.ts";

/** Decides an operator's order. It is bounded by the table only, not by contracts. */
export function operate(state: ClockState, order: Order, options: OrderOptions): Change {
  const asked = typeof order === "string" ? order : formatKhz(order.khz);
  const holder: Holder = { kind: "operator", who: options.who };
  const steps =
    order === "release" || order === "restore" ? end(state, order) : put(state, order, asked, options);
  if ("code" in steps) return refuse(steps);
  state.last = {
    atMs: options.now.wallMs,
    by: holder,
    asked,
    asker: undefined,
    refusal: undefined,
  };
  if (state.yielded) state.decided = undefined;
  return new Decided(settle([state]), steps, { claimant: undefined, dry: false });
}

/**
 * Ends the order in force; with `restore` also all requests of guests, and what their policies, schedules and parking
 * want until they change.
 */
function end(clock: ClockState, order: "release" | "restore"): readonly Step[] {
  const remove = (wants: Wants, sources: readonly Source[]) =>
    sources.flatMap((source) => withdraw(clock, wants, source));
  if (order === "release") return remove(clock.wants, ["operator"]);
  return [
    ...remove(clock.wants, ["operator", "schedule", "parked"]),
    ...[...clock.claims].flatMap(({ wants }) => remove(wants, ["request", "guest-policy", "schedule"])),
  ];
}

function put(
  state: ClockState,
  order: Exclude<Order, "release" | "restore">,
  asked: string,
  { hold, who, now, untilMs, reason }: OrderOptions,
): readonly Step[] | Refusal {
  const { wants, clock } = state;
  const from = current(state);
  const position =
    typeof order === "string"
      ? step(clock.table, wholeTable(clock.table), from, order)
      : positionOf(clock.table, order.khz, from.turbo);
  if (position === undefined) return unavailable(state, order);
  const isBetween = typeof order === "object" && khzAt(clock.table, position.index) !== order.khz;
  const put: Want = {
    source: "operator",
    holder: { kind: "operator", who },
    asked,
    atMs: now.wallMs,
    untilMs,
    hold,
    reason,
    position,
    exact: isBetween && clock.anySpeed ? { khz: order.khz } : undefined,
    before: undefined,
  };
  wants.put(put);
  return [{ clock: state, wants, put, ended: undefined }];
}

/** The position that an operator's step starts from: the current one of the clock. */
function current({ clock, wants, accepted }: ClockState): Position {
  const { table, baselineKhz } = clock;
  const order = wants.of("operator");
  if (order !== undefined) return order.position;
  const first = start(table, wholeTable(table));
  if (typeof accepted === "number")
    return { ...first, index: accepted, turbo: first.turbo || accepted === 0 };
  return carry(speedOf(table, accepted)?.khz ?? baselineKhz, first.turbo, table, wholeTable(table));
}

function unavailable({ clock: { id, table } }: ClockState, order: Order): Refusal {
  if (typeof order === "string") return { code: "no-turbo", pcpu: id };
  return {
    code: "no-such-speed",
    pcpu: id,
    khz: order.khz,
    minKhz: khzAt(table, table.speeds.length - 1),
    maxKhz: khzAt(table, 0),
  };
}

import type { Khz } from "../base/domain.ts";
import type { ScaleAction } from "../wire/packet.ts";
import { type Decision, refuse } from "./ask.ts";
import type { ClockState } from "./claim.ts";
import { khzAt, wholeTable } from "./contract.ts";
import { carry, type Position, positionOf, start, step } from "./position.ts";
import { resolve } from "./resolve.ts";
import { settle } from "./settle.ts";

/** What an operator wants of a clock. `restore` ends all claims too, so that its baseline holds until somebody asks. */
export type Order = ScaleAction | "release" | "restore" | { readonly khz: Khz };

/** How an operator wants it: held until released, or until a guest on that clock asks. */
export interface OrderOptions {
  readonly hold: boolean;
  readonly nowMs: number;
}

/** Carries out an operator's order. Operators are bound by the table alone, not by contracts. */
export function operate(state: ClockState, order: Order, { hold, nowMs }: OrderOptions): Decision {
  const asked = typeof order === "string" ? order : `${order.khz} kHz`;
  if (order === "release" || order === "restore") {
    state.operator = undefined;
    if (order === "restore") for (const claim of state.claims) claim.position = undefined;
  } else {
    const { table } = state.clock;
    const from = current(state);
    const position =
      typeof order === "string"
        ? step(table, wholeTable(table), from, order)
        : positionOf(table, order.khz, from.turbo);
    if (position === undefined) return refuse(unavailable(state, order));
    state.operator = { position, hold, asked, atMs: nowMs };
  }
  const { setting, winner } = resolve(state);
  state.last = {
    atMs: nowMs,
    by: "operator",
    vcpu: undefined,
    asked,
    setting,
    refusal: undefined,
    bound: undefined,
    winner,
    asker: undefined,
  };
  if (state.yielded) state.setting = undefined;
  return { writes: settle([state]), refusal: undefined };
}

/** Where an operator's step starts: where the clock stands now. */
function current({ clock, operator, setting }: ClockState): Position {
  const { table, baselineKhz } = clock;
  if (operator !== undefined) return operator.position;
  const first = start(table, wholeTable(table));
  if (typeof setting === "number") return { ...first, index: setting, turbo: first.turbo || setting === 0 };
  return carry(baselineKhz, first.turbo, table, wholeTable(table));
}

function unavailable({ clock }: ClockState, order: Order) {
  if (typeof order === "string")
    return {
      code: "no-turbo",
      reason: `CPU ${clock.id} has no turbo, or it is switched off on the host`,
    } as const;
  const { table } = clock;
  return {
    code: "no-such-speed",
    reason: `it runs between ${table.speeds.at(-1)?.khz} and ${khzAt(table, 0)} kHz`,
    remedy: `vmpowerctl show-cpu-freq ${clock.id} lists its speeds`,
  } as const;
}

import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Clocks } from "../host/clocks.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { CpuDecision, OperatorStore } from "./operator-store.ts";

/** What a start needs to order again what operators had ordered. */
export interface OrderAgainOptions {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly time: TurnClock;
  /** Clocks whose order was still in force when the daemon before handed over; undefined where nothing was handed over. */
  readonly operated: readonly Pcpu[] | undefined;
}

/** Orders again what operators had ordered before this start, except what has ended since. */
export function orderAgain(store: OperatorStore, options: OrderAgainOptions): void {
  const { arbiter, clocks, time, operated } = options;
  for (const [pcpu, decision] of store.cpus()) {
    const now = time();
    const untilMs = decision.untilMs && now.monoMs + decision.untilMs - now.wallMs;
    const isOver = untilMs !== undefined && untilMs <= now.monoMs;
    if (isOver || !isInForce(pcpu, decision, operated)) {
      store.noteCpu(pcpu, undefined);
      continue;
    }
    const { khz, hold, who = "an operator" } = decision;
    const change = arbiter.operate(pcpu, { khz }, { hold, who, now, untilMs });
    if (change.refusal === undefined) clocks.settle(change, "the start");
  }
  store.save();
}

/** A daemon of version 0.1.0 did not write down that a guest had ended an order; its handover says so. */
function isInForce(pcpu: Pcpu, { hold }: CpuDecision, operated: readonly Pcpu[] | undefined): boolean {
  return hold || operated === undefined || operated.includes(pcpu);
}

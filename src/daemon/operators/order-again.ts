import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Clocks } from "../host/clocks.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { CpuDecision, OperatorStore } from "./operator-store.ts";

/** What is needed to repeat the orders of operators. */
export interface OrderAgainOptions {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly time: TurnClock;
  /** Clocks whose order was still in force at the handover; undefined without a handover. */
  readonly operated: readonly Pcpu[] | undefined;
}

/**
 * Repeats the orders that operators gave before this start, or before a CPU was offline, except those that have ended
 * and those in force.
 */
export function orderAgain(store: OperatorStore, cause: string, options: OrderAgainOptions): void {
  const { arbiter, clocks, time, operated } = options;
  for (const [pcpu, decision] of store.cpus()) {
    if (arbiter.clock(pcpu)?.order !== undefined) continue;
    const now = time();
    const untilMs = decision.untilMs && now.monoMs + decision.untilMs - now.wallMs;
    const isOver = untilMs !== undefined && untilMs <= now.monoMs;
    if (isOver || !isInForce(arbiter.clock(pcpu)?.clock.id ?? pcpu, decision, operated)) {
      store.noteCpu(pcpu, undefined);
      continue;
    }
    const { khz, hold, who = "an operator", atMs = now.wallMs, reason } = decision;
    // It is as old as it was.
    const given = { monoMs: now.monoMs, wallMs: atMs };
    const change = arbiter.operate(pcpu, { khz }, { hold, who, now: given, untilMs, reason });
    if (change.refusal === undefined) clocks.settle(change, cause);
  }
  store.save();
}

/** A daemon of version 0.1.0 did not store that a guest had ended an order, but its handover shows it. */
function isInForce(pcpu: Pcpu, { hold }: CpuDecision, operated: readonly Pcpu[] | undefined): boolean {
  return hold || operated === undefined || operated.includes(pcpu);
}

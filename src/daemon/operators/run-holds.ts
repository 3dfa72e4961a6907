import type { Caller } from "../../admin/caller.ts";
import { ControlError, type Subscriber } from "../../admin/control.ts";
import type { CpuResult, HoldOrder } from "../../admin/control-types.ts";
import type { OrderView } from "../../arbiter/view.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Parts } from "../parts.ts";
import { knownCpus } from "./cpu-choice.ts";
import { type CpuOrder, firstBeside, orderClock, orderOf, resultOf } from "./cpu-orders.ts";
import type { Job } from "./loop-slices.ts";
import { operatorName } from "./operator-acts.ts";

/** Callers that hold CPUs at the same time. Each keeps a connection, and there must be some left for operators. */
const RUN_HOLDS_MAX = 16;

/** Who holds CPUs, and who is told the results. */
interface RunHolder {
  readonly caller: Caller;
  readonly subscriber: Subscriber<readonly CpuResult[]>;
}

/** CPUs that are held as long as one connection lasts. */
interface RunHold {
  readonly cpus: readonly Pcpu[];
  readonly order: CpuOrder;
  /** The clocks that it was put on. */
  readonly clocks: Set<Pcpu>;
  isWanted: boolean;
}

/** The holds of one clock, the newest last, and the operator's hold that was in force before them. */
interface ClockHolds {
  readonly base: OrderView | undefined;
  readonly holds: RunHold[];
}

/**
 * Holds that last as long as the connection of an operator. They are not stored: a daemon that starts knows no
 * connections. When one ends, the hold before it is in force again, unless an operator has ordered something else.
 */
export class RunHolds {
  readonly #parts: () => Parts;
  readonly #byClock = new Map<Pcpu, ClockHolds>();
  #count = 0;

  constructor(parts: () => Parts) {
    this.#parts = parts;
  }

  /** Holds CPUs until the returned function is called. */
  begin(call: HoldOrder, { caller, subscriber }: RunHolder): () => void {
    const parts = this.#parts();
    const { cpus, to, khz, reason } = call;
    if (to === "khz" && khz === undefined) throw new ControlError("InvalidParameter", { parameter: "khz" });
    if (this.#count >= RUN_HOLDS_MAX)
      throw new ControlError("Refused", {
        reason: `${this.#count} commands hold CPUs already`,
        remedy: "wait for the end of one",
      });
    const order: CpuOrder = { order: orderOf(call), hold: true, caller, who: operatorName(caller), reason };
    const hold: RunHold = { cpus: knownCpus(cpus, parts), order, clocks: new Set(), isWanted: true };
    this.#count++;
    const begun = Promise.resolve(parts.slices.run(this.#begin(hold, subscriber)));
    // The daemon is stopping: it leaves or restores the clocks itself.
    const end = () => begun.then(() => parts.slices.run(this.#end(hold))).catch(() => {});
    return () => {
      hold.isWanted = false;
      this.#count--;
      void end();
    };
  }

  *#begin(hold: RunHold, subscriber: RunHolder["subscriber"]): Job<undefined> {
    const parts = this.#parts();
    const { order, cpus } = hold;
    const refusals = new Map<Pcpu, string | undefined>();
    for (const pcpu of cpus) {
      const first = firstBeside(pcpu, parts);
      if (!refusals.has(first)) refusals.set(first, yield* this.#put(first, hold));
      yield;
    }
    const reasonOf = (pcpu: Pcpu) => refusals.get(firstBeside(pcpu, parts));
    const results = cpus.map((pcpu) =>
      resultOf(pcpu, order.order, { reason: reasonOf(pcpu), wasHeld: false, parts }),
    );
    if (results.every(({ ok }) => ok)) {
      for (const pcpu of cpus) this.#report(hold, "holds", pcpu);
      subscriber.send(results);
      return;
    }
    yield* this.#end(hold);
    subscriber.end(results);
  }

  /** Puts a hold on the clock of a CPU. Returns why it was refused. */
  *#put(pcpu: Pcpu, hold: RunHold): Job<string | undefined> {
    const parts = this.#parts();
    const { clock: { id } = { id: pcpu }, order: before } = parts.arbiter.clock(pcpu) ?? {};
    const refusal = yield* orderClock(pcpu, hold.order, parts);
    if (refusal !== undefined) return refusal;
    const known = this.#byClock.get(id);
    const top = known?.holds.at(-1);
    // An operator who ordered something after the holds below has ended them.
    const isOnTop = known !== undefined && top !== undefined && isOrderOf(top, before);
    const entry = isOnTop ? known : { base: before?.hold === true ? before : undefined, holds: [] };
    entry.holds.push(hold);
    this.#byClock.set(id, entry);
    hold.clocks.add(id);
    return undefined;
  }

  *#end(hold: RunHold): Job<undefined> {
    for (const id of hold.clocks) {
      yield* this.#leave(id, hold);
      yield;
    }
    if (hold.clocks.size > 0) for (const pcpu of hold.cpus) this.#report(hold, "no longer holds", pcpu);
    hold.clocks.clear();
  }

  /** Takes a hold from a clock. If it is in force, the one before it is put in its place. */
  *#leave(id: Pcpu, hold: RunHold): Job<undefined> {
    const parts = this.#parts();
    const entry = this.#byClock.get(id);
    const inForce = isOrderOf(hold, parts.arbiter.clock(id)?.order);
    if (entry?.holds.includes(hold)) entry.holds.splice(entry.holds.indexOf(hold), 1);
    if (entry?.holds.length === 0) this.#byClock.delete(id);
    if (!inForce) return;
    const next = entry?.holds.at(-1)?.order ?? orderAgainst(entry?.base, hold, parts);
    yield* orderClock(parts.arbiter.setting(id)?.clock.pcpus[0] ?? id, next, parts);
  }

  #report({ order }: RunHold, did: string, pcpu: Pcpu): void {
    const reason = order.reason === undefined ? "" : ` (${order.reason})`;
    this.#parts().acts.report(order.caller, `${did} CPU ${pcpu} while a command runs${reason}`, { pcpu });
  }
}

/** Whether the order in force is this hold: the name of an operator contains the process. */
function isOrderOf({ order }: RunHold, inForce: OrderView | undefined): boolean {
  return inForce?.hold === true && inForce.who === order.who && inForce.reason === order.reason;
}

/** The order for a clock without holds of connections: the operator's hold before them, if its time is not over. */
function orderAgainst(base: OrderView | undefined, { order }: RunHold, { time }: Parts): CpuOrder {
  const leftMs = (base?.untilMs ?? Number.POSITIVE_INFINITY) - time().monoMs;
  if (base === undefined || leftMs <= 0) return { ...order, order: "release", hold: false };
  const { khz, who, reason } = base;
  const forSeconds = leftMs === Number.POSITIVE_INFINITY ? undefined : leftMs / 1000;
  return { order: { khz }, hold: true, caller: order.caller, who, forSeconds, reason };
}

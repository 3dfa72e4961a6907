import type { Caller } from "../../admin/caller.ts";
import type { CpuResult, FrequencyOrder } from "../../admin/control-types.ts";
import type { Order } from "../../arbiter/view.ts";
import type { Pcpu } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import type { Parts } from "../parts.ts";
import { refusalText } from "../words/refusal-text.ts";
import type { Job } from "./loop-slices.ts";
import type { CpuDecision } from "./operator-store.ts";
import { settingView } from "./views.ts";

/** Options of an operator's order. */
export interface CpuOrder {
  readonly order: Order;
  readonly hold: boolean;
  readonly caller: Caller;
  /** The caller's name, for explanations. */
  readonly who: string;
  /** The order ends by itself after this time. */
  readonly forSeconds?: number | undefined;
  /** Why it is given. */
  readonly reason?: string | undefined;
}

/** Converts an operator's call to an order. */
export function orderOf({ to, khz = 0 }: Pick<FrequencyOrder, "to" | "khz">): Order {
  if (to === "khz") return { khz };
  return to === "noTurbo" ? "no-turbo" : to;
}

/** Carries out an operator's order. CPUs of one clock get the order once: "down" for both would be two steps. */
export function* orderCpus(cpus: readonly Pcpu[], order: CpuOrder, parts: Parts): Job<readonly CpuResult[]> {
  const { arbiter, acts, store } = parts;
  const refusals = new Map<Pcpu, string | undefined>();
  const wereHeld = new Set<Pcpu>();
  for (const pcpu of cpus) {
    if (arbiter.clock(pcpu)?.order?.hold === true) wereHeld.add(pcpu);
    yield;
  }
  const results: CpuResult[] = [];
  for (const pcpu of cpus) {
    const first = firstBeside(pcpu, parts);
    if (!refusals.has(first)) {
      refusals.set(first, yield* orderClock(first, order, parts));
      noteOrder(pcpu, { isRefused: refusals.get(first) !== undefined }, parts);
    }
    results.push(
      resultOf(pcpu, order.order, { reason: refusals.get(first), wasHeld: wereHeld.has(pcpu), parts }),
    );
    yield;
  }
  const kept = store.save();
  for (const { pcpu, khz, ok, reason } of results) {
    const came = ok ? `now ${khz === undefined ? "its own settings" : formatKhz(khz)}` : `refused: ${reason}`;
    yield;
    acts.report(order.caller, `ordered ${orderText(order)} for CPU ${pcpu}: ${came}`, { pcpu, khz });
  }
  if (kept.ok) return results;
  return results.map((result) => (result.ok ? { ...result, notRemembered: kept.why } : result));
}

/** The first of the CPUs that share a clock with one now. A CPU that is offline shares none, and is returned itself. */
export function firstBeside(pcpu: Pcpu, { arbiter }: Pick<Parts, "arbiter">): Pcpu {
  const { pcpus = [] } = arbiter.setting(pcpu)?.clock ?? {};
  return pcpus.includes(pcpu) ? (pcpus[0] ?? pcpu) : pcpu;
}

/** Orders the clock of a CPU. Returns why it was refused. */
export function* orderClock(
  pcpu: Pcpu,
  { order, hold, who, forSeconds, reason }: CpuOrder,
  parts: Parts,
): Job<string | undefined> {
  const { arbiter, clocks, time } = parts;
  const now = time();
  const untilMs = forSeconds === undefined ? undefined : now.monoMs + forSeconds * 1000;
  const change = arbiter.operate(pcpu, order, { hold, who, now, untilMs, reason });
  if (change.refusal !== undefined) return refusalText(change.refusal);
  const performed = clocks.perform(change);
  let refused = performed instanceof Promise ? undefined : performed;
  if (performed instanceof Promise)
    yield performed.then((late) => {
      refused = late;
    });
  return refused && refusalText({ code: "kernel-refused", reason: refused.reason });
}

/** The result of an order for one CPU, with what is set now. */
export function resultOf(
  pcpu: Pcpu,
  order: Order,
  { reason, wasHeld, parts }: { reason: string | undefined; wasHeld: boolean; parts: Parts },
): CpuResult {
  const found = parts.arbiter.clock(pcpu);
  const now = found ? settingView(found) : { setting: "unknown" };
  const isRounded = typeof order === "object" && reason === undefined && found?.speed?.khz !== order.khz;
  const endedHold = wasHeld && found?.order?.hold !== true;
  return {
    pcpu,
    ok: reason === undefined,
    reason,
    ...now,
    ...(isRounded ? { askedKhz: order.khz } : {}),
    ...(endedHold ? { endedHold } : {}),
  };
}

/**
 * Notes the order that is in force now; after a refusal, the one before. It is noted for the CPU that it was given for,
 * because other CPUs of the clock may go offline. That of a CPU that is offline now counts again when it comes back. If a
 * guest ends it later, that is stored too.
 */
function noteOrder(pcpu: Pcpu, { isRefused }: { isRefused: boolean }, parts: Parts): void {
  const { arbiter, store } = parts;
  const decision = decisionOf(pcpu, parts);
  if (isRefused && decision !== undefined) return;
  for (const each of arbiter.setting(pcpu)?.clock.pcpus ?? []) store.noteCpu(each, undefined);
  if (decision !== undefined) store.noteCpu(pcpu, decision);
}

function decisionOf(id: Pcpu, { arbiter, time }: Parts): CpuDecision | undefined {
  const order = arbiter.clock(id)?.order;
  if (order === undefined) return undefined;
  const { monoMs, wallMs } = time();
  const { khz, hold, who, atMs, untilMs, reason } = order;
  const why = reason === undefined ? {} : { reason };
  return {
    khz,
    hold,
    who,
    atMs,
    ...why,
    ...(untilMs === undefined ? {} : { untilMs: wallMs + untilMs - monoMs }),
  };
}

function orderText({ order, hold, reason }: CpuOrder): string {
  const what = typeof order === "string" ? order : formatKhz(order.khz);
  const held = hold ? `${what}, held` : what;
  return reason === undefined ? held : `${held} (${reason})`;
}

import type { CpuResult } from "../admin/control-types.ts";
import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Order } from "../arbiter/operate.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Parts } from "./control.ts";
import type { CpuDecision } from "./operator-state.ts";
import { settingView } from "./views.ts";

/** Carries out an operator's order. CPUs of one clock are ordered once: a step down for both would be two steps. */
export function operate(
  cpus: readonly Pcpu[],
  order: Order,
  hold: boolean,
  parts: Parts,
): readonly CpuResult[] {
  const { arbiter, clocks, events, store } = parts;
  const nowMs = Date.now();
  const done = new Map<Pcpu, string | undefined>();
  const decisions: [Pcpu, CpuDecision | undefined][] = [];
  const wereHeld = new Set(cpus.filter((pcpu) => arbiter.clockOf(pcpu)?.operator?.hold === true));
  const results = cpus.map((pcpu): CpuResult => {
    const state = arbiter.clockOf(pcpu);
    const id = state?.clock.id ?? pcpu;
    if (!done.has(id)) {
      const { writes, refusal } = arbiter.operate(pcpu, order, { hold, nowMs });
      const refused = clocks.apply(writes);
      done.set(id, refused?.reason ?? refusal?.reason);
      decisions.push([id, remembered(arbiter, id)]);
    }
    const reason = done.get(id);
    const now = state ? settingView(state) : { setting: "unknown" };
    const isRounded = typeof order === "object" && "khz" in now && now.khz !== order.khz;
    const endedHold = wereHeld.has(pcpu) && state?.operator?.hold !== true;
    return {
      pcpu,
      ok: reason === undefined,
      reason,
      ...now,
      ...(isRounded ? { askedKhz: order.khz } : {}),
      ...(endedHold ? { endedHold } : {}),
    };
  });
  const kept = store.setCpus(decisions);
  for (const { pcpu, khz, setting } of results)
    events.tell(
      "operator",
      `CPU ${pcpu}: ${typeof order === "string" ? order : `${order.khz} kHz`}, now ${setting}`,
      { pcpu, khz },
    );
  if (kept.ok) return results;
  return results.map((result) =>
    result.ok ? { ...result, ok: false, reason: `It holds until the daemon ends. ${kept.why}` } : result,
  );
}

function remembered(arbiter: Arbiter, id: Pcpu): CpuDecision | undefined {
  const state = arbiter.clockOf(id);
  if (state?.operator === undefined) return undefined;
  const khz = settingView({ ...state, setting: state.operator.position.index }).khz ?? 0;
  return { khz, hold: state.operator.hold };
}

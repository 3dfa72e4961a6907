import type { ContractValue, Layer, Rules } from "../../config/contract/rules.ts";
import { judgeWord } from "../../config/contract/words.ts";
import type { VmDecision } from "../operators/operator-store.ts";
import type { StateOrder } from "../operators/state-order.ts";

/** What operators decided about a VM's contract, without what has ended by this time of the wall clock. */
export function operatorLayer({ query, contract = {} }: VmDecision, wallMs: number): Layer {
  const layer = new Map<string, ContractValue>();
  const nobody = { who: undefined, atMs: undefined, untilMs: undefined, reason: undefined };
  if (query !== undefined)
    layer.set("Query", { value: query, text: query ? "yes" : "no", origin: { kind: "operator", ...nobody } });
  for (const [key, { text, ...said }] of Object.entries(contract)) {
    // It was judged when it was set, but perhaps by another version.
    const word = judgeWord(key, text, "operator");
    if (!word.ok || (said.untilMs !== undefined && said.untilMs <= wallMs)) continue;
    layer.set(key, { value: word.value.value, text, origin: { kind: "operator", ...nobody, ...said } });
  }
  return layer;
}

/** What the state of a VM says about its contract. A state that the configuration does not have any more says nothing. */
export function stateLayer(order: StateOrder | undefined, { states }: Pick<Rules, "states">): Layer {
  const layer = new Map<string, ContractValue>();
  if (order?.state === undefined) return layer;
  const { state, who, atMs, reason } = order;
  for (const [key, { value, text, place }] of states.get(state) ?? []) {
    const origin = { kind: "state", section: `state ${state}`, who, atMs, reason, ...place } as const;
    if (value !== undefined) layer.set(key, { value, text, origin });
  }
  return layer;
}

import type { ContractValue, Layer } from "../../config/contract/rules.ts";
import type { VmDecision } from "./operator-store.ts";

/** What operators decided about a VM's contract. */
export function operatorLayer({ query }: VmDecision): Layer {
  const layer = new Map<string, ContractValue>();
  const origin = {
    kind: "operator",
    who: undefined,
    atMs: undefined,
    untilMs: undefined,
    reason: undefined,
  } as const;
  if (query !== undefined) layer.set("Query", { value: query, text: query ? "yes" : "no", origin });
  return layer;
}

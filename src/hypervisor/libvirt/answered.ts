import { failure } from "../../base/result.ts";
import type { Answered } from "../domain-orders.ts";
import { ERROR } from "./protocol.ts";
import type { Answer, Failure } from "./rpc.ts";

/** The answer of one call, as the answer to an order. */
export function answered<T>(answer: Answer<T>): Answered<T> {
  return answer.ok ? answer : failure(whyOf(answer.why));
}

function whyOf(failure: Failure): Extract<Answered<never>, { ok: false }>["why"] {
  switch (failure.kind) {
    case "refused":
      if (failure.code === ERROR.noDomain) return { kind: "noDomain" };
      return { kind: "refused", reason: `libvirt refuses: ${failure.message}` };
    case "slow":
    case "silent":
      return {
        kind: "refused",
        reason: "libvirt does not answer",
        remedy: "systemctl status libvirtd virtqemud",
      };
    case "lost":
      return { kind: "refused", reason: failure.reason, remedy: "systemctl status libvirtd virtqemud" };
  }
}

import type { Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Result } from "../base/result.ts";
import { failure, success } from "../base/result.ts";
import type { Query } from "../wire/packet.ts";
import type { Capabilities } from "../wire/reply.ts";
import type { Claimant, ClockState, DomainState } from "./claim.ts";
import { speedOf } from "./envelope.ts";
import type { Refusal } from "./view.ts";

/**
 * A list has room for this many vCPUs, so a query for a single vCPU needs a lower number (vm-power-protocol(7), "Limits
 * of queries").
 */
const SINGLE_VCPU_END = 8;

/** The answer to a query, by vCPU; undefined for vCPUs that were not asked for. */
export type Answer =
  /** Speeds in kHz, as DPDK's protocol shows them; 0 if the CPU is not managed. */
  | { readonly what: "frequency"; readonly peerKhz: readonly (Khz | undefined)[] }
  | { readonly what: "capabilities"; readonly capabilities: readonly (Capabilities | undefined)[] };

/** Answers a guest's query, if its contract allows queries. */
export function answer(state: DomainState | undefined, query: Query): Result<Answer, Refusal> {
  if (state === undefined) return failure({ code: "unknown-domain" });
  if (!state.contract.query) return failure({ code: "queries-off" });
  const found = query.what === "frequency" ? frequencies(state, query) : capabilities(state, query);
  return found === undefined ? failure({ code: "not-answerable", vcpu: query.resource }) : success(found);
}

/** The speed that the clock should have now, not a measured one. */
function requestedSpeed({ clock, accepted }: ClockState): Speed {
  return speedOf(clock.table, accepted) ?? { khz: clock.baselineKhz, peerKhz: clock.baselineKhz };
}

function frequencies(state: DomainState, query: Query): Answer | undefined {
  const peerKhz = perVcpu(state, query, (claimant) => {
    const clock = claimant.claims.at(-1)?.clock;
    return clock === undefined ? 0 : requestedSpeed(clock).peerKhz;
  });
  return peerKhz && { what: "frequency", peerKhz };
}

/** Undefined if any vCPU that was asked for has no managed CPU. */
function capabilities(state: DomainState, query: Query): Answer | undefined {
  let complete = true;
  const values = perVcpu(state, query, ({ claims, vcpu }) => {
    const clock = claims.at(-1)?.clock.clock;
    if (clock === undefined) complete = false;
    const pcpu = state.domain.pins[vcpu]?.at(-1);
    const hasPriority = pcpu !== undefined && clock?.priority.has(pcpu) === true;
    return { turbo: clock?.table.turbo !== undefined, priority: hasPriority };
  });
  return complete && values !== undefined ? { what: "capabilities", capabilities: values } : undefined;
}

function perVcpu<T>(
  state: DomainState,
  { resource }: Query,
  of: (claimant: Claimant) => T,
): (T | undefined)[] | undefined {
  if (resource === "all") return state.vcpus.map(of);
  if (resource >= Math.min(state.vcpus.length, SINGLE_VCPU_END)) return undefined;
  return state.vcpus.map((claimant) => (claimant.vcpu === resource ? of(claimant) : undefined));
}

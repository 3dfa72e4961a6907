import type { Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Query } from "../wire/packet.ts";
import type { Capabilities } from "../wire/reply.ts";
import type { Claimant, ClockState, DomainState } from "./claim.ts";

/** A reply has room for so many vCPUs, so no more can be asked for alone (spec section 6.3). */
const SINGLE_VCPU_END = 8;

/** Frequencies in kHz of a domain's vCPUs, 0 where the CPU is not managed; those not asked for are undefined. */
export function frequencies(state: DomainState, query: Query): readonly (Khz | undefined)[] | undefined {
  return perVcpu(state, query, (claimant) => {
    const clock = claimant.claims.at(-1)?.clock;
    return clock === undefined ? 0 : requestedSpeed(clock).peerKhz;
  });
}

/** Capabilities likewise; undefined when one of those asked for has no CPU to tell of. */
export function capabilities(
  state: DomainState,
  query: Query,
): readonly (Capabilities | undefined)[] | undefined {
  let complete = true;
  const values = perVcpu(state, query, ({ claims, vcpu }) => {
    const clock = claims.at(-1)?.clock.clock;
    if (clock === undefined) complete = false;
    const pcpu = state.domain.pins[vcpu]?.at(-1) ?? -1;
    return { turbo: clock?.table.turbo !== undefined, priority: clock?.priority.has(pcpu) === true };
  });
  return complete ? values : undefined;
}

/** The speed that is asked of a clock now, not a measurement; `peerKhz` is the number that the peer shows for it. */
export function requestedSpeed({ clock, setting }: ClockState): Speed {
  const speed = typeof setting === "number" ? clock.table.speeds[setting] : undefined;
  return speed ?? { khz: clock.baselineKhz, peerKhz: clock.baselineKhz };
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

import type { Khz, Pcpu } from "../base/domain.ts";
import type { ScaleAction } from "../wire/packet.ts";
import type { Claimant, DomainState } from "./claim.ts";
import { khzAt } from "./contract.ts";
import { carry } from "./position.ts";

/** What one claimant wants, in words that outlive the arbiter: the next one may count its tables otherwise. */
export interface Want {
  readonly vm: string;
  /** A vCPU, or with `physical` a pCPU. */
  readonly resource: number;
  readonly physical: boolean;
  readonly asked: ScaleAction | undefined;
  readonly askedAtMs: number;
  /** On each of its clocks. */
  readonly speeds: readonly { readonly clock: Pcpu; readonly khz: Khz; readonly turbo: boolean }[];
}

/** What the guests of these domains want now. */
export function wantsOf(domains: Iterable<DomainState>): Want[] {
  return [...domains].flatMap(({ vcpus, physical }) => [...vcpus, ...physical.values()].flatMap(wantOf));
}

/** A claimant wants again what it wanted of an earlier arbiter, within the contract that it has now. */
export function resume(claimant: Claimant, { asked, askedAtMs, speeds }: Want): void {
  claimant.asked = asked;
  claimant.askedAtMs = askedAtMs;
  for (const claim of claimant.claims) {
    const { clock, envelope } = claim;
    const before = speeds.find((speed) => speed.clock === clock.clock.id) ?? speeds[0];
    if (before === undefined) continue;
    claim.position = carry(before.khz, before.turbo, clock.clock.table, envelope);
  }
}

function wantOf({ state, vcpu, physical, asked, askedAtMs, claims }: Claimant): Want[] {
  const speeds = claims.flatMap(({ clock: { clock }, position }) => {
    if (position === undefined) return [];
    return [{ clock: clock.id, khz: khzAt(clock.table, position.index), turbo: position.turbo }];
  });
  if (speeds.length === 0) return [];
  return [{ vm: state.domain.name, resource: vcpu, physical, asked, askedAtMs, speeds }];
}

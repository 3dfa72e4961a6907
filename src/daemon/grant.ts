import type { Arbiter } from "../arbiter/arbiter.ts";
import type { ClockState } from "../arbiter/claim.ts";
import { explain, wouldHold } from "../arbiter/explain.ts";
import { requestedSpeed } from "../arbiter/queries.ts";
import type { Scale } from "../wire/packet.ts";
import type { Grant } from "./events.ts";

/** What a claimant has after its request, on the first of its clocks. */
export function grantOf(arbiter: Arbiter, vm: string, { resource, physical }: Scale): Grant {
  const domain = arbiter.domains.get(vm);
  const claimant = physical ? domain?.physical.get(resource) : domain?.vcpus[resource];
  const claim = claimant?.claims[0];
  if (claim === undefined) return { khz: undefined, bound: undefined };
  if (domain?.contract.dryRun === true)
    return { khz: wouldHold(claim), bound: "dry run, so it does not hold" };
  const { clock } = claim;
  return {
    khz: typeof clock.setting === "number" ? requestedSpeed(clock).khz : undefined,
    bound: boundOf(clock),
  };
}

/** The rule that keeps a clock from what was asked of it last; undefined where it runs as asked. */
function boundOf(clock: ClockState): string | undefined {
  const { last } = clock;
  if (last?.asker === undefined || (last.winner === last.asker && last.bound === undefined)) return undefined;
  return explain(clock)?.rule;
}

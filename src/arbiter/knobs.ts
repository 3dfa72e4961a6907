import { EPP_WORDS, type Knobs, NO_KNOBS } from "../base/knobs.ts";
import type { ClockState } from "./claim.ts";

/**
 * What the contracts on a clock ask for beside speeds. A preference or a governor could slow down a VM that shares the
 * clock, so each VM there must ask for one; of several preferences the fastest counts. A latency only makes a CPU
 * faster: the shortest counts. A parked clock has what parking sets.
 */
export function knobsOf({ claims, wants }: Pick<ClockState, "claims" | "wants">): Knobs {
  let asked: Knobs[] | undefined;
  for (const { claimant } of claims) {
    const { domain, contract } = claimant.state;
    if (claimant.physical || domain.state !== "running") continue;
    asked ??= [];
    asked.push(contract.knobs ?? NO_KNOBS);
  }
  if (asked === undefined) return wants.of("parked")?.knobs ?? NO_KNOBS;
  if (asked.every((each) => each === NO_KNOBS)) return NO_KNOBS;
  const epps = asked.map(({ epp }) => (epp === undefined ? -1 : EPP_WORDS.indexOf(epp)));
  const latencies = asked.flatMap(({ resumeLatencyUs }) => resumeLatencyUs ?? []);
  const [first] = asked;
  const agree = asked.every(({ governors = [] }) => governors.join() === first?.governors?.join());
  return {
    epp: epps.includes(-1) ? undefined : EPP_WORDS[Math.min(...epps)],
    resumeLatencyUs: latencies.length === 0 ? undefined : Math.min(...latencies),
    governors: agree ? first?.governors : undefined,
  };
}

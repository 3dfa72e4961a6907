import type { Clock } from "../base/clock.ts";
import type { Pcpu } from "../base/domain.ts";
import { EPP_WORDS, type Knobs, NO_KNOBS, type UncoreBounds } from "../base/knobs.ts";
import type { ClockState } from "./claim.ts";

/** What the contracts of VMs ask for beside speeds. */
export class WantedKnobs {
  readonly #seats: { readonly clocks: ReadonlyMap<Pcpu, ClockState> };

  constructor(seats: { readonly clocks: ReadonlyMap<Pcpu, ClockState> }) {
    this.#seats = seats;
  }

  /** On the clock of a managed CPU. */
  on(pcpu: Pcpu): { readonly clock: Clock["id"]; readonly wanted: Knobs } | undefined {
    const state = this.#seats.clocks.get(pcpu);
    return state && { clock: state.clock.id, wanted: knobsOf(state) };
  }

  /** Of the uncore that these CPUs share. */
  uncore(pcpus: readonly Pcpu[]): UncoreBounds | undefined {
    const states = pcpus.map((pcpu) => this.#seats.clocks.get(pcpu)).filter((state) => state !== undefined);
    return joined([...new Set(states)].flatMap(({ claims }) => askedOn(claims)));
  }
}

/**
 * What the contracts on a clock ask for beside speeds. A preference or a governor could slow down a VM that shares the
 * clock, so each VM there must ask for one; of several preferences the fastest counts. A latency only makes a CPU
 * faster: the shortest counts. A parked clock has what parking sets.
 */
function knobsOf({ claims, wants }: Pick<ClockState, "claims" | "wants">): Knobs {
  const asked = askedOn(claims);
  if (asked.length === 0) return wants.of("parked")?.knobs ?? NO_KNOBS;
  if (asked.every((each) => each === NO_KNOBS)) return NO_KNOBS;
  // -1, of which there is no word, for a VM that asks for none.
  const epps = asked.map(({ epp }) => (epp === undefined ? -1 : EPP_WORDS.indexOf(epp)));
  const latencies = asked.flatMap(({ resumeLatencyUs }) => resumeLatencyUs ?? []);
  const [first] = asked;
  const agree = asked.every(({ governors = [] }) => governors.join() === first?.governors?.join());
  return {
    epp: EPP_WORDS[Math.min(...epps)],
    resumeLatencyUs: latencies.length === 0 ? undefined : Math.min(...latencies),
    governors: agree ? first?.governors : undefined,
    uncore: joined(asked),
  };
}

/**
 * The highest of the lower bounds. An upper bound could slow down a VM of the same package, so each must ask for one,
 * and the highest counts.
 */
function joined(asked: readonly Knobs[]): UncoreBounds | undefined {
  const mins = asked.flatMap(({ uncore }) => uncore?.minKhz ?? []);
  const maxs = asked.flatMap(({ uncore }) => uncore?.maxKhz ?? []);
  const minKhz = mins.length === 0 ? undefined : Math.max(...mins);
  const maxKhz = maxs.length === 0 || maxs.length < asked.length ? undefined : Math.max(...maxs);
  return minKhz === undefined && maxKhz === undefined ? undefined : { minKhz, maxKhz };
}

/** What the contract of each running vCPU asks for. However many ask for nothing, one stands for them. */
function askedOn(claims: ClockState["claims"]): Knobs[] {
  const asked: Knobs[] = [];
  let isSilent = false;
  for (const { claimant } of claims) {
    const { domain, contract } = claimant.state;
    if (claimant.physical || domain.state !== "running") continue;
    if (contract.knobs === undefined) isSilent = true;
    else asked.push(contract.knobs);
  }
  if (isSilent) asked.push(NO_KNOBS);
  return asked;
}

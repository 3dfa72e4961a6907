import type { FrequencyTable } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Claim, Claimant, ClockState, DomainState, LastRequest } from "./claim.ts";
import { khzAt, speedOf } from "./envelope.ts";
import type { ParkedView } from "./parking-view.ts";
import { resolve, type Winner } from "./resolve.ts";
import { orderView, ruleOf, wouldHold } from "./rule.ts";
import type { ScheduleView } from "./schedule-view.ts";
import { isClaim } from "./settle.ts";
import type {
  ClaimView,
  ClockView,
  DomainView,
  GrantView,
  Holder,
  LastRequestView,
  VcpuClockView,
  VcpuView,
} from "./view.ts";
import type { Want } from "./want.ts";

/** Returns the current state of a clock. */
export function lookAtClock(state: ClockState): ClockView {
  const { clock, accepted, wants, claims, floors } = state;
  const { setting: should, winner } = resolve(state);
  const order = wants.of("operator");
  return {
    clock,
    accepted,
    speed: speedOf(clock.table, accepted),
    should,
    shouldKhz: speedOf(clock.table, should)?.khz,
    order: order && orderView(clock.table, order),
    schedule: scheduleView(clock.table, wants.of("schedule")),
    parked: parkedView(winner),
    claims: [...claims].map(claimView),
    floors: [...floors].map(({ holder, index }) => ({ holder, khz: khzAt(clock.table, index) })),
    last: lastRequest(state),
  };
}

/** A clock whose parking yields to another want is not shown as parked. */
function parkedView(winner: Winner): ParkedView | undefined {
  if (winner === undefined || isClaim(winner) || winner.source !== "parked") return undefined;
  const { governors } = winner.knobs ?? {};
  return { to: governors === undefined ? "min" : { governors }, sinceMs: winner.atMs };
}

function scheduleView(table: FrequencyTable, want: Want | undefined): ScheduleView | undefined {
  if (want?.schedule === undefined) return undefined;
  const { name, untilMs } = want.schedule;
  return { name, khz: khzAt(table, want.position.index), untilMs };
}

/** Returns the current state of a domain. */
export function lookAtDomain({ domain, contract, vcpus }: DomainState): DomainView {
  const claims = vcpus.filter((claimant) => claimant.claims.some(({ wants }) => wants.current !== undefined));
  return { domain, contract, vcpus: vcpus.length, claims: claims.length };
}

/** Returns the current state of a vCPU, or of a CPU of the host that a guest named. */
export function lookAtVcpu(claimant: Claimant): VcpuView {
  const { vcpu, state, physical, problem, claims, refused } = claimant;
  const want = claims[0]?.wants.current;
  return {
    vcpu,
    pcpus: physical ? [vcpu] : (state.domain.pins[vcpu] ?? []),
    problem,
    asked: want?.asked,
    askedAtMs: want?.atMs ?? 0,
    clocks: claims.map(vcpuClock),
    refused,
  };
}

/** Returns what a claimant has after its request. */
export function lookAtGrant({ claims }: Claimant): GrantView {
  const [claim] = claims as readonly [Claim];
  const rule = ruleOf(claim.clock, claim);
  if (rule.kind === "dry-run") return { khz: wouldHold(claim), bound: rule };
  return { khz: grantedKhz(claim.clock), bound: rule.kind === "as-asked" ? undefined : rule };
}

function claimView({ claimant, clock, wants, pinned }: Claim): ClaimView {
  const want = wants.current;
  const khz = want === undefined ? undefined : khzAt(clock.clock.table, want.position.index);
  return { holder: claimant.holder, khz, pinned };
}

function vcpuClock(claim: Claim): VcpuClockView {
  const { clock, wants } = claim;
  const want = wants.current;
  return {
    clock: clock.clock.id,
    khz: want && khzAt(clock.clock.table, want.position.index),
    turbo: want?.position.turbo === true,
    due: want?.due && { khz: khzAt(clock.clock.table, want.due.position.index), atMs: want.due.atMs },
    untilMs: want?.untilMs,
    schedule: scheduleView(clock.clock.table, want),
    grantedKhz: grantedKhz(clock),
    refused: clock.accepted === undefined,
    rule: ruleOf(clock, claim),
  };
}

function lastRequest(state: ClockState): LastRequestView | undefined {
  const { last } = state;
  if (last === undefined) return undefined;
  const { atMs, by, asked, refusal } = last;
  const rule = ruleOf(state, askerOf(state, last));
  return {
    atMs,
    by,
    asked,
    accepted: refusal === undefined,
    khz: grantedKhz(state),
    rule: refusal === undefined ? rule : { kind: "refused", refusal },
  };
}

/** The current claim of the last asker; undefined if it is gone. */
function askerOf({ claims }: ClockState, { by, asker }: LastRequest): Claim | undefined {
  // Claims in a dry run are not in the clock's set.
  if (asker?.claimant.state.contract.dryRun === true) return asker;
  return [...claims].find(({ claimant: { holder } }) => isSame(holder, by));
}

function isSame(a: Holder, b: Holder): boolean {
  if (a.kind === "vcpu") return b.kind === "vcpu" && a.vm === b.vm && a.vcpu === b.vcpu;
  return a.kind === "pcpu" && b.kind === "pcpu" && a.vm === b.vm && a.pcpu === b.pcpu;
}

function grantedKhz(state: ClockState): Khz | undefined {
  return speedOf(state.clock.table, state.accepted)?.khz;
}

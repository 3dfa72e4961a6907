import type * as view from "../../admin/control-types.ts";
import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { ParkingRule } from "../../arbiter/parking-view.ts";
import type {
  ClockView,
  Holder,
  LastRequestView,
  Refusal,
  VcpuClockView,
  VcpuView,
} from "../../arbiter/view.ts";
import type { Pcpu } from "../../base/domain.ts";
import { type Knobs, NO_KNOBS } from "../../base/knobs.ts";
import type { Now } from "../../base/now.ts";
import type { Channel } from "../../channels/channel.ts";
import { newCounters } from "../../channels/counters.ts";
import type { Parts } from "../parts.ts";
import { quarantineText, refusalText } from "../words/refusal-text.ts";
import { ruleText } from "../words/rule-text.ts";
import { finish, type Job } from "./loop-slices.ts";

/** Channels whose counters are added in one step. */
const SUMMED_PER_STEP = 16;

/** A channel as the control interface shows it. */
export function channelView(channel: Channel, { rates, time }: Pick<Parts, "rates" | "time">): view.Channel {
  const { monoMs } = time();
  const held = channel.status === "connected" ? rates.quarantine(channel, monoMs) : undefined;
  const quarantine = held && { asked: held.asked, forMs: Math.ceil(held.untilMs - monoMs) };
  const { vm, number, path, status, objection, abi, framingErrors, peer, counters, enabled } = channel;
  return {
    vm,
    number,
    path,
    status: status === "connected" && !enabled ? "disabled" : status,
    reason: quarantine === undefined ? objection?.reason : quarantineText(quarantine),
    remedy: quarantine === undefined ? objection?.remedy : `vmpowerctl release-channels ${vm} ${number}`,
    quarantinedForMs: quarantine?.forMs,
    abi,
    peerPid: peer?.pid,
    counters: { ...counters, framingErrors },
  };
}

/** Adds up the counters of channels. */
export function sumCounters(channels: Iterable<Channel>): view.Counters {
  return finish(sumSteps(channels));
}

/** Does what {@link sumCounters} does, a few channels per step. */
export function* sumSteps(channels: Iterable<Channel>): Job<view.Counters> {
  const sum = { ...newCounters(), framingErrors: 0 };
  let added = 0;
  for (const { counters, framingErrors } of channels) {
    for (const key of Object.keys(counters) as (keyof typeof counters)[]) sum[key] += counters[key];
    sum.framingErrors += framingErrors;
    if (++added % SUMMED_PER_STEP === 0) yield;
  }
  return sum;
}

/** A vCPU as the control interface shows it. On several clocks, the highest of its claims is shown. */
export function vcpuView(
  seen: VcpuView,
  now: Now,
  remedyOf: (refusal: Refusal) => string | undefined,
): view.Vcpu {
  const { vcpu, pcpus, problem, clocks, asked = "", askedAtMs, refused } = seen;
  const fastest = clocks
    .flatMap(({ khz, turbo, ...clock }) =>
      khz === undefined ? [] : [{ khz, turbo, asked, atMs: askedAtMs, ...laterView(clock, now) }],
    )
    .sort((a, b) => b.khz - a.khz)[0];
  return {
    vcpu,
    pcpus,
    problem: problem && refusalText(problem),
    claim: fastest,
    refused: refused && {
      asked: refused.asked,
      atMs: refused.atMs,
      reason: refusalText(refused.refusal),
      remedy: remedyOf(refused.refusal),
    },
  };
}

/** What becomes of a claim by itself. */
function laterView(
  { due, untilMs, schedule }: Pick<VcpuClockView, "due" | "untilMs" | "schedule">,
  { monoMs, wallMs }: Now,
) {
  const inMs = (atMs: number) => Math.max(0, Math.ceil(atMs));
  const scheduledMs = schedule?.untilMs === undefined ? undefined : inMs(schedule.untilMs - wallMs);
  return {
    dueKhz: due?.khz,
    dueInMs: due && inMs(due.atMs - monoMs),
    endsInMs: untilMs === undefined ? scheduledMs : inMs(untilMs - monoMs),
  };
}

/** A CPU as the control interface shows it. Reads the kernel's files. */
export function cpuView(
  pcpu: Pcpu,
  { arbiter, cpufreq }: Pick<Parts, "arbiter" | "cpufreq">,
): view.Cpu | undefined {
  const seen = cpufreq.observe(pcpu);
  const kernel = {
    governor: seen?.governor,
    minKhz: seen?.minKhz,
    maxKhz: seen?.maxKhz,
    currentKhz: seen?.currentKhz,
    socket: seen?.socket,
  };
  const found = arbiter.clock(pcpu);
  if (found === undefined || !found.clock.pcpus.includes(pcpu)) {
    const reason = cpufreq.unmanaged().find((cpu) => cpu.pcpu === pcpu)?.reason;
    if (reason === undefined) return undefined;
    return {
      pcpu,
      managed: false,
      reason,
      ...kernel,
      clock: [pcpu],
      tableKhz: [],
      turbo: false,
      held: false,
      vcpus: [],
    };
  }
  const { clock, speed, order, parked } = found;
  return {
    pcpu,
    managed: true,
    driver: clock.driver,
    clock: clock.pcpus,
    ...kernel,
    setting: settingView(found).setting,
    requestedKhz: speed?.khz,
    peerKhz: speed?.peerKhz,
    tableKhz: clock.table.speeds.map(({ khz }) => khz),
    turbo: clock.table.turbo !== undefined,
    held: order?.hold === true,
    parked: parked && parkedText(parked.to),
    knobs: knobTexts(cpufreq.held(clock.id)?.knobs ?? NO_KNOBS),
    knobsMissing: cpufreq.held(clock.id)?.missing,
    vcpus: found.claims
      .filter(({ holder }) => runsOn(arbiter, holder, pcpu))
      .map(({ holder }) => holderName(holder)),
  };
}

function parkedText(to: ParkingRule["to"]): string {
  return to === "min" ? to : `governor ${to.governors.join()}`;
}

function knobTexts({ epp, resumeLatencyUs, governors, uncore }: Knobs): string[] {
  return [
    ...(epp === undefined ? [] : [`Epp=${epp}`]),
    ...(resumeLatencyUs === undefined ? [] : [`ResumeLatencyUs=${resumeLatencyUs}`]),
    ...(governors === undefined ? [] : [`Governor=${governors.join()}`]),
    ...(uncore?.minKhz === undefined ? [] : [`UncoreMinKhz=${uncore.minKhz}`]),
    ...(uncore?.maxKhz === undefined ? [] : [`UncoreMaxKhz=${uncore.maxKhz}`]),
  ];
}

/** What is set on a clock: a speed, the baseline, or unknown after a refusal. */
export function settingView({ accepted, speed }: Pick<ClockView, "accepted" | "speed">): {
  setting: string;
  khz?: number;
} {
  if (accepted === undefined) return { setting: "unknown" };
  return speed === undefined ? { setting: "baseline" } : { setting: `${speed.khz}`, khz: speed.khz };
}

/** Explains the speed of a CPU. */
export function explanationView(
  cpu: view.Cpu,
  found: ClockView | undefined,
  drifts: ReadonlyMap<Pcpu, view.Drift>,
): view.Explanation {
  if (found === undefined) return { cpu, claimants: [] };
  return {
    cpu,
    claimants: claimantViews(found),
    drift: drifts.get(found.clock.id),
    last: lastView(found.last),
  };
}

/** Those who want something of a clock, the operator first, then a schedule for the clock and floors. */
function claimantViews({ order, schedule, claims, floors }: ClockView): view.Claimant[] {
  const operator = order === undefined ? [] : [{ by: "operator", wants: `${order.khz}`, khz: order.khz }];
  const others = claims.flatMap(({ holder, khz, pinned }) =>
    khz === undefined && !pinned
      ? []
      : [{ ...nameOf(holder), wants: khz === undefined ? "baseline" : `${khz}`, khz }],
  );
  const { name, khz = 0 } = schedule ?? {};
  const scheduled = name === undefined ? [] : [{ by: `schedule ${name}`, wants: `${khz}`, khz }];
  const bounds = floors.map((floor) => ({ ...nameOf(floor.holder), wants: "at least", khz: floor.khz }));
  return [...operator, ...others, ...scheduled, ...bounds];
}

function lastView(last: LastRequestView | undefined): view.Decision | undefined {
  if (last === undefined) return undefined;
  const { atMs, by, asked, khz, accepted, rule } = last;
  const granted = khz === undefined ? "baseline" : `${khz}`;
  return { atMs, ...nameOf(by), asked, granted, khz, accepted, rule: ruleText(rule) };
}

function nameOf(holder: Holder): { by: string; vcpu?: number } {
  if (holder.kind === "operator") return { by: "operator" };
  if (holder.kind === "schedule") return { by: `schedule ${holder.name}` };
  if (holder.kind === "parking") return { by: "parking" };
  if (holder.kind === "thread") return { by: `${holder.vm} ${holder.thread}` };
  return holder.kind === "vcpu" ? { by: holder.vm, vcpu: holder.vcpu } : { by: holder.vm };
}

function runsOn(arbiter: Arbiter, holder: Holder, pcpu: Pcpu): boolean {
  if (holder.kind !== "vcpu") return holder.kind === "pcpu";
  return arbiter.vcpu(holder.vm, holder.vcpu)?.pcpus.includes(pcpu) === true;
}

/** A short name for one of them: `web1:0`, `web1:cpu5` for a guest that named a CPU, `operator`. */
export function holderName(holder: Holder): string {
  if (holder.kind === "operator") return "operator";
  if (holder.kind === "schedule") return `schedule ${holder.name}`;
  if (holder.kind === "parking") return "parking";
  if (holder.kind === "thread") return `${holder.vm} ${holder.thread}`;
  return holder.kind === "vcpu" ? `${holder.vm}:${holder.vcpu}` : `${holder.vm}:cpu${holder.pcpu}`;
}

import type * as view from "../admin/control-types.ts";
import type { Drift, Explanation } from "../admin/control-types.ts";
import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Claimant, ClockState } from "../arbiter/claim.ts";
import { khzAt } from "../arbiter/contract.ts";
import { claimants, explain } from "../arbiter/explain.ts";
import { requestedSpeed } from "../arbiter/queries.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Channel } from "../channels/channel.ts";
import type { Cpufreq } from "../cpufreq/cpufreq.ts";

/** A channel as operators see it. */
export function channelView(channel: Channel): view.Channel {
  const { vm, number, path, status, objection, framer, peer, counters, enabled } = channel;
  return {
    vm,
    number,
    path,
    status: status === "connected" && !enabled ? "disabled" : status,
    reason: objection?.reason,
    remedy: objection?.remedy,
    abi: status === "connected" ? framer.abi : undefined,
    peerPid: peer?.pid,
    counters: { ...counters, framingErrors: framer.framingErrors },
  };
}

/** Adds up what channels counted. */
export function sumCounters(channels: Iterable<Channel>): view.Counters {
  const sum = {
    requests: 0,
    granted: 0,
    refused: 0,
    malformed: 0,
    framingErrors: 0,
    repliesDropped: 0,
    writes: 0,
    writesRefused: 0,
  };
  for (const channel of channels) {
    const { counters } = channelView(channel);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counters[key];
  }
  return sum;
}

/** A vCPU as operators see it: the fastest of what it claims, where it may run on several clocks. */
export function vcpuView(claimant: Claimant): view.Vcpu {
  const { vcpu, state, problem, claims, asked, askedAtMs, refused } = claimant;
  const fastest = claims
    .filter((claim) => claim.position !== undefined)
    .map(({ clock, position }) => ({
      khz: khzAt(clock.clock.table, position?.index ?? 0),
      turbo: position?.turbo === true,
      asked: asked ?? "",
      atMs: askedAtMs,
    }))
    .sort((a, b) => b.khz - a.khz)[0];
  return {
    vcpu,
    pcpus: state.domain.pins[vcpu] ?? [],
    problem: problem?.reason,
    claim: fastest,
    refused: refused && {
      asked: refused.asked,
      atMs: refused.atMs,
      reason: refused.refusal.reason,
      remedy: refused.refusal.remedy,
    },
  };
}

/** How many vCPUs of a domain claim something. */
export function claimCount(vcpus: readonly Claimant[]): number {
  return vcpus.filter(({ claims }) => claims.some((claim) => claim.position !== undefined)).length;
}

/** A CPU as operators see it; reads what the kernel says now. */
export function cpuView(pcpu: Pcpu, arbiter: Arbiter, cpufreq: Cpufreq): view.Cpu | undefined {
  const state = arbiter.clockOf(pcpu);
  const seen = cpufreq.observe(pcpu);
  const kernel = {
    governor: seen?.governor,
    minKhz: seen?.minKhz,
    maxKhz: seen?.maxKhz,
    currentKhz: seen?.currentKhz,
  };
  if (state === undefined || !state.clock.pcpus.includes(pcpu)) {
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
  const { clock, claims, operator } = state;
  return {
    pcpu,
    managed: true,
    driver: clock.driver,
    clock: clock.pcpus,
    ...kernel,
    ...settingView(state),
    requestedKhz: typeof state.setting === "number" ? requestedSpeed(state).khz : undefined,
    tableKhz: clock.table.speeds.map(({ khz }) => khz),
    turbo: clock.table.turbo !== undefined,
    held: operator?.hold === true,
    vcpus: [...claims]
      .filter(
        ({ claimant }) => claimant.physical || claimant.state.domain.pins[claimant.vcpu]?.includes(pcpu),
      )
      .map(
        ({ claimant }) => `${claimant.state.domain.name}:${claimant.physical ? "cpu" : ""}${claimant.vcpu}`,
      ),
  };
}

/** What is held on a clock: a speed, the settings found there, or nothing known since the kernel refused. */
export function settingView({ clock, setting }: ClockState): { setting: string; khz?: number } {
  if (setting === undefined) return { setting: "unknown" };
  if (setting === "baseline") return { setting };
  const khz = khzAt(clock.table, setting);
  return { setting: `${khz}`, khz };
}

/** Why a CPU runs as it does. */
export function explanationView(
  cpu: view.Cpu,
  state: ClockState | undefined,
  drifts: ReadonlyMap<Pcpu, Drift>,
): Explanation {
  if (state === undefined) return { cpu, claimants: [] };
  const last = explain(state);
  return {
    cpu,
    claimants: claimants(state).map(({ by, vcpu, khz }) => ({
      by,
      vcpu,
      wants: khz === undefined ? "baseline" : `${khz}`,
      khz,
    })),
    drift: drifts.get(state.clock.id),
    last: last && { ...last, granted: last.khz === undefined ? "baseline" : `${last.khz}` },
  };
}

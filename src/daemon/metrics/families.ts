import type { Counters } from "../../admin/control-types.ts";
import { BUCKETS, bucketEndNs, type Histogram } from "../../base/histogram.ts";
import { POLICY_KINDS } from "../../base/policy-kind.ts";
import type { Channel } from "../../channels/channel.ts";
import {
  counter,
  type Family,
  gauge,
  type Labels,
  type Sample,
  type Series,
} from "../../metrics/openmetrics.ts";
import { VERSION } from "../../version.ts";
import type { Asker } from "../apps/asker.ts";
import { listHolds } from "../operators/holds.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import { claimSteps, parkedSteps } from "../operators/status.ts";
import { sumSteps } from "../operators/views.ts";
import type { Meter } from "../packet/meters.ts";
import type { Parts } from "../parts.ts";
import { energyFamilies } from "./energy-families.ts";
import { speedFamilies } from "./speed-families.ts";
import { timeFamilies } from "./time-families.ts";

/** VMs with metrics of their own; all others share one label. The daemon cannot limit the number of VMs. */
const VMS_MAX = 200;
const OTHERS = "(other)";

/** The ends of the histogram's buckets that are exported, as powers of two in ns: 2 us to 134 ms. */
const ENDS = [11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 27];

const STATUSES = ["connected", "connecting", "refused"] as const;

/** All metrics, made in steps. */
export function* familySteps(parts: Parts): Job<Family[]> {
  const host = yield* hostFamilies(parts);
  const vms = yield* vmFamilies(parts);
  return [...host, ...vms, ...(yield* timeFamilies(parts)), ...(yield* energyFamilies(parts))];
}

function* hostFamilies(parts: Parts): Job<Family[]> {
  const { arbiter, channels, clocks, hypervisor, rates, startedAtMs, vms } = parts;
  const all = [...channels.list()];
  const claims = yield* claimSteps(parts);
  const { holds } = yield* listHolds(parts);
  const policies = arbiter.policies.list();
  const one = (value: number, labels?: Labels): Sample[] => [
    labels === undefined ? { value } : { labels, value },
  ];
  return [
    gauge("vmpower_build_info", "The daemon's version.", one(1, { version: VERSION })),
    gauge("vmpower_start_time_seconds", "When the daemon started.", one(startedAtMs / 1000)),
    gauge(
      "vmpower_hypervisor_connected",
      "Whether the hypervisor can be reached.",
      one(hypervisor.status().state === "connected" ? 1 : 0, { driver: hypervisor.status().driver }),
    ),
    gauge("vmpower_vms", "VMs that the hypervisor knows.", one(vms.domains.size)),
    gauge("vmpower_claims", "vCPUs that claim a speed.", one(claims)),
    gauge(
      "vmpower_holds",
      "Clocks with an order of an operator that guests cannot change.",
      one(holds.length),
    ),
    gauge(
      "vmpower_guest_policies",
      "Guest policies in force, by what decides.",
      POLICY_KINDS.map((kind) => ({
        labels: { kind },
        value: policies.filter(({ rule }) => rule.kind === kind).length,
      })),
    ),
    ...appFamilies(parts),
    gauge(
      "vmpower_channels",
      "Channels that were found.",
      STATUSES.map((status) => ({
        labels: { status },
        value: all.filter((channel) => channel.status === status).length,
      })),
    ),
    gauge(
      "vmpower_channels_quarantined",
      "Channels whose requests are refused for a while, because they asked far too often.",
      one(rates.quarantined(parts.time().monoMs)),
    ),
    counter("vmpower_quarantines", "Times that a channel was quarantined.", one(rates.counters.quarantines)),
    counter(
      "vmpower_requests_limited",
      "Requests that were refused because a channel asked too often.",
      one(rates.counters.limited),
    ),
    ...(yield* cpuFamilies(parts)),
    ...(yield* speedFamilies(parts)),
    counter("vmpower_writes", "Settings written to the kernel.", one(clocks.counters.writes)),
    counter(
      "vmpower_writes_refused",
      "Settings that the kernel refused.",
      one(clocks.counters.writesRefused),
    ),
    counter("vmpower_drifts", "Changes of managed CPUs by other programs.", one(clocks.driftCount)),
  ];
}

function* cpuFamilies(parts: Parts): Job<Family[]> {
  const { cpufreq } = parts;
  const parked = yield* parkedSteps(parts);
  return [
    gauge("vmpower_cpus", "CPUs of the host.", [
      {
        labels: { managed: "yes" },
        value: cpufreq.clocks().reduce((sum, { pcpus }) => sum + pcpus.length, 0),
      },
      { labels: { managed: "no" }, value: cpufreq.unmanaged().length },
    ]),
    gauge("vmpower_cpus_parked", "CPUs that are parked, because no VM may run there.", [{ value: parked }]),
  ];
}

/** The configuration bounds the number of applications. */
function appFamilies({ arbiter, askers, config }: Parts): Family[] {
  const byApp = Map.groupBy(askers.all.values(), ({ app }) => app.name);
  const sum = (app: string, of: (asker: Asker) => number) =>
    (byApp.get(app) ?? []).reduce((total, asker) => total + of(asker), 0);
  const apps = config().apps.map(({ name }) => name);
  if (apps.length === 0) return [];
  return [
    gauge(
      "vmpower_app_wants",
      "CPUs of which an application of the host wants a speed.",
      apps.map((app) => ({ labels: { app }, value: sum(app, ({ name }) => arbiter.named(name).length) })),
    ),
    counter(
      "vmpower_app_requests",
      "Requests of applications that are remembered, by their result.",
      apps.flatMap((app) =>
        (["granted", "refused"] as const).map((outcome) => ({
          labels: { app, outcome },
          value: sum(app, ({ counters }) => counters[outcome]),
        })),
      ),
    ),
  ];
}

function* vmFamilies({ channels, meters }: Parts): Job<Family[]> {
  const groups = Map.groupBy(channels.list(), ({ vm }) => vm);
  const named = [...groups.keys()].sort().slice(0, VMS_MAX);
  const names = new Set(named);
  const others = [...groups].filter(([vm]) => groups.size > VMS_MAX && !names.has(vm));
  const byVm: [string, readonly Channel[]][] = named.map((vm) => [vm, groups.get(vm) ?? []]);
  if (others.length > 0) byVm.push([OTHERS, others.flatMap(([, own]) => own)]);
  const counted: ({ vm: string } & Counters)[] = [];
  for (const [vm, own] of byVm) {
    counted.push({ vm, ...(yield* sumSteps(own)) });
    yield;
  }
  const series = yield* eachStep(named, (vm) => {
    const meter = meters.all.get(vm);
    return meter === undefined ? [] : [seriesOf(vm, meter.latency)];
  });
  const outcomes = ["granted", "refused", "malformed"] as const;
  return [
    counter(
      "vmpower_requests",
      "Packets of guests, by their result.",
      counted.flatMap((vm) =>
        outcomes.map((outcome) => ({ labels: { vm: vm.vm, outcome }, value: vm[outcome] })),
      ),
    ),
    counter(
      "vmpower_framing_errors",
      "How often the bytes of a guest could not be split into packets.",
      counted.map(({ vm, framingErrors }) => ({ labels: { vm }, value: framingErrors })),
    ),
    counter(
      "vmpower_replies_dropped",
      "Replies that a guest did not read.",
      counted.map(({ vm, repliesDropped }) => ({ labels: { vm }, value: repliesDropped })),
    ),
    {
      name: "vmpower_packet_duration_seconds",
      type: "histogram",
      help: "Time from a packet to its written reply; one packet in eight is measured.",
      series: series.flat(),
    },
    ...stageFamilies(named, meters),
  ];
}

/** Where the time of requests goes. Seconds by how often it was measured are the average of a stage. */
function stageFamilies(names: readonly string[], meters: Parts["meters"]): Family[] {
  const stages = names.flatMap((vm) => {
    const meter = meters.all.get(vm);
    return meter === undefined ? [] : stagesOf(meter).map((stage) => ({ vm, ...stage }));
  });
  const samples = (of: "seconds" | "measured") =>
    stages.map(({ vm, stage, ...each }) => ({ labels: { vm, stage }, value: each[of] }));
  return [
    counter(
      "vmpower_packet_stage_seconds",
      "Time of measured requests, by stage: deciding, the kernel's write, the reply; read-back runs from the kernel's answer until its files were read again.",
      samples("seconds"),
    ),
    counter("vmpower_packet_stage_measured", "How often a stage was measured.", samples("measured")),
  ];
}

function stagesOf({ stages: { measured, decideMs, writeMs, replyMs, readBacks, readBackMs } }: Meter) {
  return [
    { stage: "decide", seconds: decideMs / 1000, measured },
    { stage: "write", seconds: writeMs / 1000, measured },
    { stage: "reply", seconds: replyMs / 1000, measured },
    { stage: "read-back", seconds: readBackMs / 1000, measured: readBacks },
  ];
}

function seriesOf(vm: string, { counts, sumNs }: Histogram): Series {
  const buckets: { end: number; count: number }[] = [];
  let count = 0;
  let next = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    count += counts[bucket] ?? 0;
    if (bucketEndNs(bucket) !== 2 ** (ENDS[next] ?? Number.NaN)) continue;
    buckets.push({ end: bucketEndNs(bucket) / 1e9, count });
    next++;
  }
  return {
    labels: { vm },
    buckets: [...buckets, { end: Number.POSITIVE_INFINITY, count }],
    sum: sumNs / 1e9,
  };
}

import type { Load, Stages, VcpuLoad, VmLoad } from "../../admin/control-types.ts";
import type { VcpuClockView, VcpuView } from "../../arbiter/view.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Meter } from "../packet/meters.ts";
import type { Parts } from "../parts.ts";
import type { Job } from "./loop-slices.ts";
import { holderName, sumCounters } from "./views.ts";

/** The load of VMs and their vCPUs, and of applications and their CPUs, collected over several turns of the event loop. */
export function* load(parts: Parts, names: readonly string[] | undefined): Job<Load> {
  const { arbiter, vms } = parts;
  const chosen = names ?? [...new Set([...vms.domains.keys(), ...parts.meters.all.keys()])];
  const actual = new Map<Pcpu, Khz | undefined>();
  const all: VmLoad[] = [];
  const vcpus: VcpuLoad[] = [];
  for (const name of chosen) {
    all.push(vmLoad(name, parts));
    yield;
    const count = arbiter.domain(name)?.vcpus ?? 0;
    for (let vcpu = 0; vcpu < count; vcpu++) {
      const seen = arbiter.vcpu(name, vcpu);
      // The VM may have ended since the last slice.
      if (seen !== undefined) vcpus.push(vcpuLoad(name, seen, { parts, actual }));
      yield;
    }
  }
  for (const asker of names === undefined ? parts.askers.all.values() : []) {
    const wants = arbiter.named(asker.name);
    if (wants.length === 0) continue;
    const { granted, refused } = asker.counters;
    all.push({ vm: asker.name, state: "running", requests: granted + refused, refused, drops: 0 });
    for (const want of wants) vcpus.push(vcpuLoad(asker.name, want, { parts, actual }));
    yield;
  }
  return { uptimeMs: Math.round(performance.now()), vms: all, vcpus };
}

function vmLoad(vm: string, { channels, meters, vms }: Parts): VmLoad {
  const { requests, refused, malformed, framingErrors, repliesDropped } = sumCounters(channels.of(vm));
  const meter = meters.all.get(vm);
  const p99Ns = meter?.p99Ns();
  return {
    vm,
    state: vms.domains.get(vm)?.state ?? "absent",
    requests,
    refused,
    drops: malformed + framingErrors + repliesDropped,
    p99Us: p99Ns === undefined ? undefined : p99Ns / 1000,
    stages: meter && stagesOf(meter),
  };
}

function stagesOf({ stages }: Meter): Stages | undefined {
  const { measured, decideMs, writeMs, replyMs, readBacks, readBackMs } = stages;
  if (measured === 0) return undefined;
  const average = (ms: number) => (ms * 1000) / measured;
  return {
    ...{ decideUs: average(decideMs), writeUs: average(writeMs), replyUs: average(replyMs) },
    readBackUs: readBacks === 0 ? undefined : (readBackMs * 1000) / readBacks,
  };
}

function vcpuLoad(
  vm: string,
  { vcpu, pcpus, problem, asked, clocks }: VcpuView,
  { parts, actual }: { readonly parts: Parts; readonly actual: Map<Pcpu, Khz | undefined> },
): VcpuLoad {
  const [clock] = clocks;
  const running = parts.arbiter.domain(vm)?.domain.state ?? "paused";
  const about = { vm, vcpu, pcpus, requests: parts.meters.all.get(vm)?.requestsOf(vcpu) ?? 0 };
  if (clock === undefined) return { ...about, state: problem?.code ?? running };
  if (!actual.has(clock.clock))
    actual.set(clock.clock, parts.cpufreq.observe(pcpus[0] ?? clock.clock)?.currentKhz);
  const isSilent = clock.khz === undefined;
  return {
    ...about,
    state: isSilent ? (running === "running" ? "silent" : running) : "claims",
    asked: isSilent ? undefined : asked,
    askedKhz: clock.khz,
    grantedKhz: clock.grantedKhz,
    actualKhz: actual.get(clock.clock),
    bound: clock.refused ? "kernel" : boundBy(clock),
  };
}

/** Why a vCPU does not have the speed it asked for, in one word; undefined if it has. */
function boundBy({ khz, grantedKhz, rule }: VcpuClockView): string | undefined {
  switch (rule.kind) {
    case "bounded":
      return rule.by;
    case "operator":
      return khz === grantedKhz ? undefined : "operator";
    case "schedule":
      return `schedule ${rule.name}`;
    case "outbid":
      return holderName(rule.holder);
    case "silent":
      return rule.self ? undefined : holderName(rule.holder);
    case "as-asked":
    case "nobody":
    case "parked":
    case "dry-run":
    case "refused":
      return undefined;
  }
}

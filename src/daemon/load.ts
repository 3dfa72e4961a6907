import type { Load, VcpuLoad, VmLoad } from "../admin/control-types.ts";
import type { Claimant, ClockState } from "../arbiter/claim.ts";
import { khzAt } from "../arbiter/contract.ts";
import { type Resolution, resolve } from "../arbiter/resolve.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Parts } from "./control.ts";
import { turns } from "./turns.ts";
import { sumCounters } from "./views.ts";

/** What was found out once for all vCPUs on a clock. */
interface Seen {
  readonly actualKhz: Khz | undefined;
  readonly resolution: Resolution;
}

/** What VMs and their vCPUs ask for and have, taken over several turns. */
export async function load(parts: Parts, names: readonly string[] | undefined): Promise<Load> {
  const { arbiter, vms } = parts;
  const chosen = names ?? [...new Set([...vms.domains.keys(), ...parts.meters.all.keys()])];
  const seen = new Map<ClockState, Seen>();
  const all: VmLoad[] = [];
  const vcpus: VcpuLoad[] = [];
  const breathe = turns();
  for (const name of chosen) {
    all.push(vmLoad(name, parts));
    await breathe();
    for (const claimant of arbiter.domains.get(name)?.vcpus ?? []) {
      vcpus.push(vcpuLoad(claimant, parts, seen));
      await breathe();
    }
  }
  return { uptimeMs: Math.round(performance.now()), vms: all, vcpus };
}

function vmLoad(vm: string, { channels, meters, vms }: Parts): VmLoad {
  const { requests, refused, malformed, framingErrors, repliesDropped } = sumCounters(channels.of(vm));
  const p99Ns = meters.all.get(vm)?.p99Ns();
  return {
    vm,
    state: vms.domains.get(vm)?.state ?? "absent",
    requests,
    refused,
    drops: malformed + framingErrors + repliesDropped,
    p99Us: p99Ns === undefined ? undefined : p99Ns / 1000,
  };
}

function vcpuLoad(claimant: Claimant, parts: Parts, seen: Map<ClockState, Seen>): VcpuLoad {
  const { vcpu, state, claims, asked, problem } = claimant;
  const { name, pins, state: running } = state.domain;
  const pcpus = pins[vcpu] ?? [];
  const [claim] = claims;
  const about = { vm: name, vcpu, pcpus, requests: parts.meters.all.get(name)?.requestsOf(vcpu) ?? 0 };
  if (claim === undefined) return { ...about, state: problem?.code ?? running };
  const { clock, position } = claim;
  const { actualKhz, resolution } = look(clock, pcpus[0] ?? clock.clock.id, parts, seen);
  const silent = running === "running" ? "silent" : running;
  return {
    ...about,
    state: position === undefined ? silent : "claims",
    asked: position === undefined ? undefined : asked,
    askedKhz: position === undefined ? undefined : khzAt(clock.clock.table, position.index),
    grantedKhz: typeof clock.setting === "number" ? khzAt(clock.clock.table, clock.setting) : undefined,
    actualKhz,
    bound: boundBy(claimant, resolution),
  };
}

function look(clock: ClockState, pcpu: Pcpu, { cpufreq }: Parts, seen: Map<ClockState, Seen>): Seen {
  let found = seen.get(clock);
  if (found === undefined) {
    found = { actualKhz: cpufreq.observe(pcpu)?.currentKhz, resolution: resolve(clock) };
    seen.set(clock, found);
  }
  return found;
}

/** Who or what keeps a vCPU from the speed it asked for, in a word; undefined where it has that. */
function boundBy({ claims: [claim] }: Claimant, { winner }: Resolution): string | undefined {
  if (winner === undefined) return undefined;
  if (winner === "operator") return "operator";
  if (winner === claim) {
    if (claim?.clock.setting === undefined) return "kernel";
    return claim.position?.bound && { top: "MaxKhz", bottom: "MinKhz" }[claim.position.bound];
  }
  const { state, physical, vcpu } = winner.claimant;
  return `${state.domain.name}:${physical ? "cpu" : ""}${vcpu}`;
}

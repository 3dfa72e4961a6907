import type { Status } from "../../admin/control-types.ts";
import type { Channel } from "../../channels/channel.ts";
import { VERSION } from "../../version.ts";
import { isAsker } from "../apps/asker.ts";
import { HELPER_MISSING, HELPER_REMEDY } from "../attach/attach-helper.ts";
import { driverNote } from "../host/platform.ts";
import { reservedCpus } from "../host/reserved.ts";
import type { Parts } from "../parts.ts";
import { listHolds } from "./holds.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { sumSteps } from "./views.ts";

/** The state of the daemon. */
export function* status(parts: Parts): Job<Status> {
  const { arbiter, channels, clocks, config, cpufreq, rates, startedAtMs, time } = parts;
  const all = [...channels.list()];
  const problem = channels.problem();
  const names = arbiter.domainNames().filter((name) => !isAsker(name));
  const having = (wanted: Channel["status"]) => all.filter((channel) => channel.status === wanted).length;
  return {
    version: VERSION,
    pid: process.pid,
    startedAtMs,
    hypervisor: hypervisorState(parts),
    channelDirectory: config().channels.directory,
    configProblem: parts.configProblem(),
    attachProblem: yield* attachProblem(parts),
    directoryProblem: problem && [problem.reason, problem.remedy].filter(Boolean).join("; "),
    dryRun: config().cpufreq.dryRun || undefined,
    cpuRoot: config().cpufreq.root,
    vms: names.length,
    channels: all.length,
    channelsConnected: having("connected"),
    channelsQuarantined: rates.quarantined(time().monoMs) || undefined,
    channelsRefused: having("refused"),
    cpusManaged: cpufreq.clocks().reduce((sum, { pcpus }) => sum + pcpus.length, 0),
    cpusUnmanaged: cpufreq.unmanaged().length,
    cpusReserved: reservedCpus(cpufreq).length || undefined,
    cpusParked: config().cpufreq.parked === "keep" ? undefined : yield* parkedSteps(parts),
    claims: yield* claimSteps(parts),
    holds: (yield* listHolds(parts)).holds.length || undefined,
    counters: { ...(yield* sumSteps(all)), ...clocks.counters },
  };
}

function hypervisorState({ config, hypervisor }: Parts): Status["hypervisor"] {
  const state = hypervisor.status();
  return { ...state, note: driverNote(config().hypervisor.driver) ?? state.note };
}

/** VMs that want channels at their start, while the helper that attaches them is not enabled. */
function* attachProblem({ attachHelper, vms }: Parts): Job<string | undefined> {
  if (attachHelper.isThere()) return undefined;
  const wants = yield* eachStep(vms.domains.keys(), (vm) => vms.contracts.values(vm).attachAtStart);
  const count = wants.filter(Boolean).length;
  return count === 0
    ? undefined
    : `Running VMs with AttachAtStart=yes: ${count}; ${HELPER_MISSING}: ${HELPER_REMEDY}`;
}

/** Counts the CPUs that are parked. */
export function* parkedSteps({ arbiter, cpufreq }: Pick<Parts, "arbiter" | "cpufreq">): Job<number> {
  const counts = yield* eachStep(cpufreq.clocks(), ({ id, pcpus }) =>
    arbiter.clock(id)?.parked === undefined ? 0 : pcpus.length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Counts the vCPUs that claim a speed, one VM per step. */
export function* claimSteps({ arbiter }: Pick<Parts, "arbiter">): Job<number> {
  const counts = yield* eachStep(arbiter.domainNames(), (name) => arbiter.domain(name)?.claims ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

import type { CpuCheck } from "../../admin/control-types.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Parts } from "../parts.ts";
import { eachStep, type Job } from "./loop-slices.ts";

const REFUSED = {
  reason: "the kernel refused it",
  remedy:
    "it is tried again, at first after seconds and at last every 10 minutes; journalctl -u vm-power tells what the kernel says",
};

const LIMITED = {
  reason: "a limit of the host keeps it at another speed",
  remedy:
    "vm-power leaves this limit alone: the program that set it can lift it, or cpupower frequency-set (on Xen: xenpm)",
};

const CHANGED = {
  reassert: {
    reason: "another program changed it",
    remedy: "it is written again within seconds; if it happens again, vmpowerctl doctor finds the program",
  },
  yield: {
    reason: "another program changed it",
    remedy: "OnDrift=yield leaves it until the next request; vmpowerctl doctor finds the program",
  },
};

/** Compares what should be set on every managed CPU with the kernel's files, over several turns. */
export function* verify({ arbiter, config, cpufreq }: Parts): Job<{ cpus: CpuCheck[] }> {
  const { onDrift } = config().cpufreq;
  const check = (pcpu: Pcpu): CpuCheck[] => {
    const found = arbiter.clock(pcpu);
    if (found === undefined) return [];
    const { should: setting, shouldKhz: khz } = found;
    const differing = cpufreq
      .inspect({ clock: found.clock.id, setting })
      .filter(({ ok, pcpus }) => !ok && pcpus.includes(pcpu));
    const wrong = differing.map(({ file, ours, found }) => ({ file, should: ours, does: found }));
    const isRefused = found.accepted === undefined || differing.some(({ isOwed }) => isOwed);
    const should = khz === undefined ? "baseline" : `${khz}`;
    const common = { pcpu, should, khz, currentKhz: cpufreq.observe(pcpu)?.currentKhz, wrong };
    if (wrong.length === 0 && !isRefused) return [{ ...common, ok: true }];
    const cause = isRefused
      ? REFUSED
      : differing.every(({ isLimit }) => isLimit)
        ? LIMITED
        : CHANGED[onDrift];
    return [{ ...common, ok: false, ...cause }];
  };
  const checks = yield* eachStep(
    cpufreq.clocks().flatMap(({ pcpus }) => pcpus),
    check,
  );
  return { cpus: checks.flat().sort((a, b) => a.pcpu - b.pcpu) };
}

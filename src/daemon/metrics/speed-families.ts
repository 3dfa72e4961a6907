import { type Family, gauge, type Sample } from "../../metrics/openmetrics.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";

/** The speed that was requested for each managed CPU, and the one at which the kernel says that it runs. */
export function* speedFamilies({ arbiter, cpufreq }: Parts): Job<Family[]> {
  const clocks = cpufreq.clocks();
  const requested = yield* eachStep(clocks, ({ id, pcpus }): Sample[] => {
    const found = arbiter.clock(id);
    if (found === undefined) return [];
    return hertz(pcpus, found.speed?.khz ?? found.clock.baselineKhz);
  });
  const real = yield* eachStep(clocks, ({ pcpus }) =>
    pcpus.flatMap((pcpu) => hertz([pcpu], cpufreq.observe(pcpu)?.currentKhz)),
  );
  return [
    gauge(
      "vmpower_cpu_requested_hertz",
      "The speed requested for a CPU; without a claim, the highest that its original settings allow.",
      requested.flat(),
    ),
    gauge("vmpower_cpu_real_hertz", "The speed at which a CPU runs, as the kernel reports it.", real.flat()),
  ];
}

function hertz(pcpus: readonly number[], khz: number | undefined): Sample[] {
  return khz === undefined ? [] : pcpus.map((cpu) => ({ labels: { cpu }, value: khz * 1000 }));
}

import type { Cpufreq, CpufreqEvents } from "../../cpufreq/cpufreq.ts";
import { type CpufreqOptions, openCpufreq } from "../../cpufreq/linux/open.ts";
import { openXenCpufreq } from "../../cpufreq/xen/open.ts";
import { hasXenClocks } from "./platform.ts";

/** Opens the clocks of this host: the kernel's, or in dom0 those of Xen. */
export function openHostClocks(options: CpufreqOptions, events: CpufreqEvents): Cpufreq {
  return hasXenClocks(options.root) ? openXenCpufreq(options, events) : openCpufreq(options, events);
}

import type { ConfigHost } from "../config/check-host.ts";
import { lookAtRoot } from "../cpufreq/linux/root.ts";
import { hasXenClocks } from "./host/platform.ts";
import { hasUser } from "./users.ts";

/** The values of this host that a configuration is compared with. */
export const CONFIG_HOST: ConfigHost = {
  root(root) {
    const found = lookAtRoot(root);
    // The CPUs in dom0's sysfs are its vCPUs, which say nothing about the host's.
    const isXen = hasXenClocks(root);
    return { ...found, pcpus: new Set(isXen ? [] : found.pcpus), hasCpufreq: isXen || found.hasCpufreq };
  },
  hasUser: (user) => hasUser(user),
};

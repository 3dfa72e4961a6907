import type { ConfigHost } from "../config/check-host.ts";
import { readHost } from "../cpufreq/host.ts";
import { hasUser } from "./users.ts";

/** This host, for a configuration to be compared with. */
export const CONFIG_HOST: ConfigHost = {
  pcpus: (root) => readHost(root).pcpus,
  hasUser: (user) => hasUser(user),
};

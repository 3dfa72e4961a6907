import type { ConfigHost } from "../config/check-host.ts";
import { lookAtRoot } from "../cpufreq/linux/root.ts";
import { hasUser } from "./users.ts";

/** This host, for a configuration to be compared with. */
export const CONFIG_HOST: ConfigHost = {
  root: lookAtRoot,
  hasUser: (user) => hasUser(user),
};

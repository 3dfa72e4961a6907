import type { ConfigHost } from "../config/check-host.ts";
import { lookAtRoot } from "../cpufreq/linux/root.ts";
import { hasUser } from "./users.ts";

/** The values of this host that a configuration is compared with. */
export const CONFIG_HOST: ConfigHost = {
  root: lookAtRoot,
  hasUser: (user) => hasUser(user),
};

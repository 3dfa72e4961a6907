import { LIMITS } from "../admin/limits.ts";
import { type ControlServer, type ServeOptions, serveControl } from "../admin/server.ts";
import type { Config } from "../config/config.ts";
import { listenAtPace } from "./listen.ts";
import { resolveGroup } from "./users.ts";

/** Who only looks gets less: looking costs, and guests wait meanwhile. */
const MONITOR_LIMITS = { ...LIMITS, clientsPerUid: 8, callsPerTurn: 1 };

/** How they are let in: a flood of them costs a tenth of a CPU, and then only they wait. */
const LOOKERS = { connections: 4, restMs: 5 };

/** Members may look, and change nothing. */
const MONITOR_GROUP = "vm-power-monitor";

/** Serves the monitor socket, to whom the configuration says; undefined where it says nobody. */
export async function serveMonitor(
  { monitorSocket, monitorAccess }: Config["daemon"],
  control: Omit<ServeOptions, "path" | "gid">,
): Promise<ControlServer | undefined> {
  if (monitorAccess === "off") return undefined;
  const everyone = monitorAccess === "everyone";
  return serveControl({
    ...control,
    path: monitorSocket,
    looksOnly: true,
    listen: listenAtPace(LOOKERS),
    everyone,
    // On a host without the group it is root's alone.
    gid: everyone ? undefined : resolveGroup(MONITOR_GROUP),
    limits: MONITOR_LIMITS,
  });
}

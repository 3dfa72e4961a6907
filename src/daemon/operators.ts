import { LIMITS } from "../admin/limits.ts";
import { type ServeOptions, serveControl } from "../admin/server.ts";
import type { Config } from "../config/config.ts";
import { listenAtPace } from "./listen.ts";
import { resolveGroup } from "./users.ts";

/** Members may command. */
const CONTROL_GROUP = "vm-power";

/** How they are let in: others than a flood get through it, and guests are served between them. */
const CONTROL_PACE = { connections: 4, restMs: 0 };

/** Members may look, and change nothing. */
const MONITOR_GROUP = "vm-power-monitor";

/** Who only looks gets less: looking costs, and guests wait meanwhile. */
const MONITOR_LIMITS = { ...LIMITS, clientsPerUid: 8, callsPerTurn: 1 };

/** How they are let in: a flood of them costs a tenth of a CPU, and then only they wait. */
const MONITOR_PACE = { connections: 4, restMs: 5 };

/** Serves the control socket, and the monitor socket to whom the configuration says. */
export async function serveOperators(
  { controlSocket, monitorSocket, monitorAccess }: Config["daemon"],
  options: Omit<ServeOptions, "path" | "gid">,
): Promise<{ close(): Promise<void> }> {
  const control = await serveControl({
    ...options,
    path: controlSocket,
    gid: resolveGroup(CONTROL_GROUP),
    listen: listenAtPace(CONTROL_PACE),
  });
  if (monitorAccess === "off") return control;
  const everyone = monitorAccess === "everyone";
  try {
    const monitor = await serveControl({
      ...options,
      path: monitorSocket,
      looksOnly: true,
      everyone,
      // On a host without the group it is root's alone.
      gid: everyone ? undefined : resolveGroup(MONITOR_GROUP),
      listen: listenAtPace(MONITOR_PACE),
      limits: MONITOR_LIMITS,
    });
    return {
      async close() {
        await Promise.all([control.close(), monitor.close()]);
      },
    };
  } catch (error) {
    await control.close();
    throw error;
  }
}

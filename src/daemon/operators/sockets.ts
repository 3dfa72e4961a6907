import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LIMITS } from "../../admin/limits.ts";
import { type ControlServer, type ServeOptions, serveControl } from "../../admin/server.ts";
import type { Log } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import { moveAside } from "../../os/move-aside.ts";
import { resolveGroup } from "../users.ts";
import { listenAtPace } from "./listen.ts";
import { linkMonitor } from "./monitor-link.ts";

/** The group whose members may use all methods. */
const CONTROL_GROUP = "vm-power";

/** Few connections are accepted per turn, so that a flood of them stops neither guests nor other operators. */
const CONTROL_PACE = { connections: 4, restMs: 0 };

/** The group whose members may use methods that change nothing. */
const MONITOR_GROUP = "vm-power-monitor";

/** Limits of the monitor socket. They are lower, because guests wait while a call is answered. */
const MONITOR_LIMITS = { ...LIMITS, clientsPerUid: 8, callsPerTurn: 1 };

/**
 * Limits for accepting monitor clients. A flood of them costs a tenth of a CPU and delays only other monitor clients.
 */
const MONITOR_PACE = { connections: 4, restMs: 5 };

/**
 * Binds the control socket, and the monitor socket if the configuration has one. Clients that connect wait until
 * `begin()` is called on the result.
 */
export async function serveOperators(
  daemon: Config["daemon"],
  options: Omit<ServeOptions, "path" | "gid" | "held">,
): Promise<ControlServer> {
  const { controlSocket, monitorSocket, monitorAccess, runtimeDirectory } = daemon;
  for (const path of [controlSocket, monitorSocket]) clearWay(path, runtimeDirectory, options.log);
  const control = await serveControl({
    ...options,
    path: controlSocket,
    held: true,
    gid: resolveGroup(CONTROL_GROUP),
    listen: listenAtPace(CONTROL_PACE),
  });
  if (monitorAccess === "off") return control;
  const everyone = monitorAccess === "everyone";
  try {
    const monitor = await serveControl({
      ...options,
      path: monitorSocket,
      held: true,
      looksOnly: true,
      everyone,
      // On a host without the group, only root may use it.
      gid: everyone ? undefined : resolveGroup(MONITOR_GROUP),
      listen: listenAtPace(MONITOR_PACE),
      limits: MONITOR_LIMITS,
    });
    const unlink = linkMonitor(daemon, options.log);
    return {
      begin() {
        control.begin();
        monitor.begin();
      },
      async close() {
        unlink();
        await Promise.all([control.close(), monitor.close()]);
      },
    };
  } catch (error) {
    await control.close();
    throw error;
  }
}

/**
 * Removes what is in a socket's way in our own directory, so that it cannot keep the daemon from starting. Elsewhere a
 * path that is taken is an error of the configuration, and the file may be valuable.
 */
export function clearWay(path: string, runtimeDirectory: string, log: Log): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSocket() || dirname(path) !== resolve(runtimeDirectory)) return;
  moveAside(path, { log, because: "a socket belongs there" });
}

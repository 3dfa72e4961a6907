import { join } from "node:path";
import { LIMITS } from "../../admin/limits.ts";
import { requestInterface } from "../../admin/request.ts";
import { type ControlServer, serveInterfaces } from "../../admin/server.ts";
import type { Log } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import { peerCredentials } from "../../os/peer-credentials.ts";
import { peerGroups, peerProcess } from "../../os/peer-process.ts";
import { VERSION } from "../../version.ts";
import type { LimitedLog } from "../limited-log.ts";
import { listenAtPace } from "../operators/listen.ts";
import { clearWay } from "../operators/sockets.ts";
import { AppUsers } from "./app-users.ts";
import { type RequestsOptions, requests } from "./requests.ts";

/** Everybody may connect, so a user has few connections, and all calls together one in a turn. */
const REQUEST_LIMITS = {
  ...LIMITS,
  messageBytes: 8 * 1024,
  clientsPerUid: 8,
  callsPerTurn: 1,
  idleMs: 60_000,
};

/** Further connections wait, so that a flood of them delays only other applications. */
const REQUEST_PACE = { connections: 4, restMs: 5 };

/** What {@link serveRequests} needs. */
interface ServeRequestsOptions extends Omit<RequestsOptions, "users"> {
  readonly config: () => Config;
  readonly log: Log;
  readonly limited: LimitedLog;
}

/** Serves `io.vmpower.Request`. Undefined if no application is configured: then there is no socket. */
export async function serveRequests(options: ServeRequestsOptions): Promise<ControlServer | undefined> {
  const { config, log, limited } = options;
  if (config().apps.length === 0) return undefined;
  const { runtimeDirectory } = config().daemon;
  const path = join(runtimeDirectory, "request.sock");
  clearWay(path, runtimeDirectory, log);
  const users = new AppUsers(() => config().apps);
  const onFault = (error: unknown) =>
    limited("faults of io.vmpower.Request", "error", () => ({
      message: `A call of an application failed by a fault of vm-power: ${error instanceof Error ? error.stack : error}`,
    }));
  return serveInterfaces([requestInterface(requests({ ...options, users }), onFault)], {
    path,
    log,
    version: VERSION,
    everyone: true,
    limits: REQUEST_LIMITS,
    listen: listenAtPace(REQUEST_PACE),
    peerOf(fd) {
      const peer = peerCredentials(fd);
      return peer && { ...peer, groups: peerGroups(fd), process: peerProcess(fd, peer.pid) };
    },
  });
}

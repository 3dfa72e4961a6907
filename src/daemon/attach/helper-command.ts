import { loadConfig } from "../../config/load.ts";
import { formatProblems } from "../../config/problem.ts";
import { libvirtAttach } from "../../hypervisor/libvirt/attach.ts";
import { peerCredentials } from "../../os/peer-credentials.ts";
import { listenFds } from "../../systemd/listen-fds.ts";
import { CONFIG_HOST } from "../config-host.ts";
import { EXIT_CONFIG, EXIT_FAILED } from "../exit-code.ts";
import { openLog } from "../log.ts";
import { userId } from "../users.ts";
import { serveAttach } from "./serve-attach.ts";

/** How long the helper waits for a call, in ms. */
const IDLE_MS = 15_000;

/** `vm-power attach-helper`: serves the daemon's user on the socket of systemd until it is idle. */
export async function helperCommand(path: string, { user }: { readonly user: string }): Promise<number> {
  const log = openLog(process.env, "info");
  const loaded = loadConfig(path, { host: CONFIG_HOST });
  if ("problems" in loaded) {
    for (const line of formatProblems(loaded.problems)) log.error(line);
    return EXIT_CONFIG;
  }
  const [fd] = listenFds(process.env);
  const uid = userId(user);
  if (fd === undefined || uid === undefined) {
    const why = fd === undefined ? "systemd passed no socket" : `this host has no user "${user}"`;
    log.error(`Cannot serve: ${why} (systemctl enable --now vm-power-attach.socket)`);
    return EXIT_FAILED;
  }
  const idle = Promise.withResolvers<void>();
  process.on("SIGTERM", () => idle.resolve());
  const attach = libvirtAttach(loaded.config.hypervisor);
  const options = { fd, uid, attach, peerOf: peerCredentials, log, idleMs: IDLE_MS };
  const server = serveAttach({ ...options, onIdle: () => idle.resolve() });
  await idle.promise;
  await server.close();
  return 0;
}

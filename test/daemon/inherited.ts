import { closeSync, renameSync } from "node:fs";
import { join } from "node:path";
import { duplicate } from "../../src/os/duplicate.ts";
import type { TestHost } from "./host.ts";

/** Listens at a path, and returns the descriptor: a socket as systemd passes it on. */
export function inheritedSocket(path: string): number {
  const listener = Bun.listen({ unix: `${path}.new`, socket: { data() {} } });
  // The runtime removes the path that it bound when it stops.
  renameSync(`${path}.new`, path);
  const fd = duplicate((listener as unknown as { readonly fd: number }).fd);
  listener.stop();
  if (fd === undefined) throw new Error("No descriptor is left");
  return fd;
}

/** Starts the helper that attaches channels, as systemd does, for a daemon of this user. */
export function startAttachHelper(host: TestHost): Bun.Subprocess {
  const fd = inheritedSocket(join(host.directory, "run/attach.sock"));
  const command = ["attach-helper", "--config", host.configFile, "--user", `${process.getuid?.()}`];
  const shell = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"';
  const helper = Bun.spawn(["sh", "-c", shell, join(host.executables, "vm-power"), ...command], {
    stdio: ["ignore", "ignore", "inherit", fd],
  });
  closeSync(fd);
  return helper;
}

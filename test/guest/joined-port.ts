import { chmodSync, rmSync } from "node:fs";
import type { TerminalPort, TerminalPorts } from "./terminal-ports.ts";

/** A port whose other end is a socket to which a host daemon connects, as to QEMU's. */
export interface JoinedPort {
  readonly port: TerminalPort;
  readonly connected: boolean;
  close(): void;
}

/** Without a host, bytes of the guest are lost; a real port would not accept them. */
export function joinedPort(ports: TerminalPorts, name: string, path: string): JoinedPort {
  let host: Bun.Socket<undefined> | undefined;
  const port = ports.add(name, (bytes) => {
    host?.write(bytes);
    return [];
  });
  const listener = Bun.listen<undefined>({
    unix: path,
    socket: {
      open(socket) {
        host = socket;
      },
      data: (_, bytes) => port.send(bytes),
      close(socket) {
        if (socket === host) host = undefined;
      },
    },
  });
  chmodSync(path, 0o775);
  return {
    port,
    get connected() {
      return host !== undefined;
    },
    close() {
      host?.terminate();
      listener.stop(true);
      rmSync(path, { force: true });
    },
  };
}

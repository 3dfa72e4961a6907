import { dirname, join } from "node:path";
import { type ClientOptions, type ControlClient, connectControl } from "../admin/client.ts";
import { ClientError } from "../admin/client-error.ts";
import { METHODS, type MethodName } from "../admin/control.ts";

/** The monitor socket, beside the control socket. */
const MONITOR_SOCKET = "monitor.sock";

/** The connection of one command; it is made when it is first needed. */
export interface Connector {
  /** Returns a connection on which this method may be called. */
  for(method: MethodName): Promise<ControlClient>;
  /** Closes the connection. The next call makes a new one. */
  hangUp(): Promise<void>;
}

/**
 * Connects to the control socket. If the user may not use it and the call changes nothing, connects to the monitor
 * socket.
 */
export function createConnector(path: string, options: ClientOptions): Connector {
  let control: Promise<ControlClient> | undefined;
  let monitor: Promise<ControlClient> | undefined;

  async function lookOnly(refused: unknown): Promise<ControlClient> {
    if (!(refused instanceof ClientError) || refused.failure !== "noPermission") throw refused;
    monitor ??= connectControl(join(dirname(path), MONITOR_SOCKET), options);
    return monitor.catch(() => {
      throw refused;
    });
  }

  return {
    async for(method) {
      control ??= connectControl(path, options);
      return METHODS[method].mutates ? control : control.catch(lookOnly);
    },
    async hangUp() {
      const open = [control, monitor];
      control = undefined;
      monitor = undefined;
      // There is nothing to close if the connect failed.
      for (const connection of open)
        await connection?.then(
          (client) => client.close(),
          () => {},
        );
    },
  };
}

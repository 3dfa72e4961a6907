import { dirname, join } from "node:path";
import { type ClientOptions, type ControlClient, connectControl } from "../admin/client.ts";
import { ClientError } from "../admin/client-error.ts";
import { METHODS, type MethodName } from "../admin/control.ts";

/** The socket for those who may only look, beside the control socket. */
const MONITOR_SOCKET = "monitor.sock";

/** The connection of one command, made when it is first needed. */
export interface Connector {
  /** A connection over which this method may be called. */
  for(method: MethodName): Promise<ControlClient>;
  /** Closes it; the next call makes another. */
  hangUp(): Promise<void>;
}

/** Connects to the control socket. For a user who may not use it, a call that changes nothing goes to the monitor socket. */
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
      // A connection that failed has nothing to close.
      for (const connection of open)
        await connection?.then(
          (client) => client.close(),
          () => {},
        );
    },
  };
}

import { type Holder, holderOf } from "./holder.ts";
import type { PortSource } from "./port.ts";

/** The state of one port, found without disturbing the process that uses it. */
export interface PortState {
  readonly port: number;
  readonly path: string;
  /**
   * `connected`: a host is connected. `no-host`: none is. `silent`: unknown, as for a console. `held`: another process
   * has it open. `unusable`: it cannot be opened.
   */
  readonly state: "connected" | "no-host" | "silent" | "held" | "unusable";
  readonly holder: Holder | undefined;
  /** Why it is not `connected`. */
  readonly reason: string | undefined;
}

/** Looks at a port. If no process has it open, it is opened for a moment. */
export function probePort(
  source: PortSource,
  port: number,
  { tellsHost }: { tellsHost: boolean },
): PortState {
  const path = source.path(port);
  const device = source.open(port);
  if ("reason" in device) {
    const state = device.kind === "busy" ? "held" : "unusable";
    const holder = device.kind === "busy" ? holderOf(path) : undefined;
    return { port, path, state, holder, reason: device.reason };
  }
  const got = device.read(new Uint8Array(1));
  device.close();
  const nobody = `No program is connected to the host's end of port ${port}: on the host, systemctl start vm-power`;
  if (got === 0) return { port, path, state: "no-host", holder: undefined, reason: nobody };
  return { port, path, state: tellsHost ? "connected" : "silent", holder: undefined, reason: undefined };
}

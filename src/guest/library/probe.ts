import { type Holder, holderOf } from "./holder.ts";
import type { PortSource } from "./port.ts";

/** How one port is, as far as can be seen without disturbing who uses it. */
export interface PortState {
  readonly port: number;
  readonly path: string;
  /**
   * `connected`: a host is at the other end. `no-host`: nobody is. `silent`: it cannot be told, as of a console.
   * `held`: another process has it. `unusable`: it cannot be opened.
   */
  readonly state: "connected" | "no-host" | "silent" | "held" | "unusable";
  readonly holder: Holder | undefined;
  /** Why it is not `connected`. */
  readonly reason: string | undefined;
}

/** Looks at a port; opens one that nobody has for a moment. */
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
  const nobody = `Nobody is at the host's end of port ${port}: on the host, systemctl start vm-power`;
  if (got === 0) return { port, path, state: "no-host", holder: undefined, reason: nobody };
  return { port, path, state: tellsHost ? "connected" : "silent", holder: undefined, reason: undefined };
}

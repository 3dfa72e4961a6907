import { basename } from "node:path";
import type { Refusal } from "./entry.ts";

/** Why libvirt cannot be reached, with the remedy. */
export interface Trouble {
  readonly text: string;
  /** How far the attempt got. Of several sockets, the reason of the one that got furthest is reported. */
  readonly weight: number;
}

/** The socket that was tried, and what an operator does if polkit refuses. */
interface Tried {
  readonly socket: string;
  readonly remedy?: string | undefined;
}

/** Describes a refusal for the operator. */
export function troubleOf(
  refusal: Refusal,
  uri: string,
  { socket, remedy = "usermod -aG libvirt vm-power && systemctl restart vm-power lets it in" }: Tried,
): Trouble {
  const daemon = daemonOf(socket);
  switch (refusal.kind) {
    case "unreachable":
      return unreachable(refusal.errno, daemon, socket);
    case "password": {
      const text = `${daemon} asks for a password (SASL) at "${socket}": set auth_unix_ro = "none" in ${daemon}.conf`;
      return { text, weight: 4 };
    }
    case "unauthorized": {
      return {
        text: `${daemon} asks polkit at "${socket}", which refuses (${refusal.message}): ${remedy}`,
        weight: 5,
      };
    }
    case "refused":
      return { text: `${daemon} does not open ${uri}: ${refusal.message}`, weight: 5 };
    case "slow":
    case "silent":
      return { text: `${daemon} does not answer at "${socket}": systemctl status ${daemon}`, weight: 6 };
    case "lost":
      return { text: `${refusal.reason}, at "${socket}": systemctl status ${daemon}`, weight: 6 };
  }
}

function unreachable(errno: string, daemon: string, socket: string): Trouble {
  switch (errno) {
    case "ENOENT":
      return { text: `${daemon} is not running (no "${socket}"): systemctl start ${daemon}`, weight: 0 };
    case "ECONNREFUSED":
      return {
        text: `${daemon} is not running (nobody listens at "${socket}"): systemctl start ${daemon}`,
        weight: 1,
      };
    case "EACCES":
    case "EPERM":
      return {
        text: `No permission for "${socket}": run as root, or as a member of the group that owns it`,
        weight: 3,
      };
    default:
      return { text: `Cannot connect to "${socket}": ${errno}`, weight: 2 };
  }
}

/** The service of a socket file: that of `virtqemud-sock-ro` is virtqemud. */
function daemonOf(socket: string): string {
  return /^(virt[a-z]+d)-sock/.exec(basename(socket))?.[1] ?? "libvirtd";
}

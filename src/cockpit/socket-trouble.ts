import type { Trouble } from "../ctl/trouble.ts";
import { MONITOR_SOCKET } from "./connection.ts";

const START = "systemctl start vm-power";
const JOIN = "usermod -aG vm-power-monitor USER";

/** Why there is no connection, and what to do. Bridges have different words for the same. */
export function socketTrouble(problem: string | undefined): Trouble {
  switch (problem) {
    case "not-found":
      return {
        what: `vm-power is not running, or its configuration has no monitor socket (MonitorAccess=off) or another one (RuntimeDirectory= without MonitorSocket=${MONITOR_SOCKET}): nothing is at that path`,
        remedy: START,
      };
    case "access-denied":
    case "not-authorized":
      return {
        what: `You may not look at vm-power: ${MONITOR_SOCKET} is not open to you. Members of vm-power-monitor may, from their next login on`,
        remedy: JOIN,
      };
    case undefined:
    case "disconnected":
      return {
        what: "vm-power, or Cockpit's session, ended the connection",
        remedy: "journalctl -u vm-power",
      };
    default:
      return {
        what: `vm-power cannot be reached at ${MONITOR_SOCKET} (${problem}): it does not run, or you may not look at it`,
        remedy: `${START}; or ${JOIN}`,
      };
  }
}

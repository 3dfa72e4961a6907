import { conform } from "../../admin/conform.ts";
import { CONTROL } from "../../admin/control-interface.ts";
import type { Status } from "../../admin/control-types.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import { count } from "../../terminal/text.ts";
import type { Said } from "../hosts/said.ts";
import { whyOf } from "../hosts/why.ts";
import { daemonTroubles } from "./daemon-troubles.ts";

/** How a host is, in the words of Nagios. */
export type Level = "ok" | "warning" | "critical" | "unknown";

/** How the daemon of one host is. */
export interface Health {
  readonly level: Level;
  /** What is wrong, safe to show. */
  readonly problems: readonly string[];
  readonly status: Status | undefined;
}

/** Judges a status. Without a CPU the daemon does nothing for anybody. */
export function healthOf(status: Status): Health {
  const channels = [
    [status.channelsRefused, "refused"],
    [status.channelsQuarantined ?? 0, "quarantined"],
  ] as const;
  const problems = [
    ...daemonTroubles(status).map(({ what }) => what),
    ...channels
      .filter(([number]) => number > 0)
      .map(([number, what]) => `${count(number, "channel")} ${what}`),
  ];
  const level = status.cpusManaged === 0 ? "critical" : problems.length > 0 ? "warning" : "ok";
  return { level, problems, status };
}

/**
 * Judges a host that told no status, by its exit status. Who may not look, or has no `vmpowerctl` there, knows nothing
 * about the daemon.
 */
export function healthOfFailure(code: number, why: string): Health {
  const isDown = [EXIT.failed, EXIT.notRunning, EXIT.timeout, SSH_FAILED].some((down) => down === code);
  return { level: isDown ? "critical" : "unknown", problems: [why], status: undefined };
}

/** Exit status of ssh if it could not connect. */
const SSH_FAILED = 255;

/** Judges what another host said when it was asked for its status as JSON. */
export function healthOfHost(said: Said): Health {
  if (said.code !== 0) return healthOfFailure(said.code, whyOf(said));
  let reply: unknown;
  try {
    reply = JSON.parse(said.out);
  } catch {
    reply = undefined;
  }
  const description = CONTROL.methods.get("GetStatus");
  const isStatus =
    description !== undefined &&
    conform(reply, description.reply, { types: CONTROL.types, open: true }) === undefined;
  return isStatus
    ? healthOf(reply as Status)
    : healthOfFailure(EXIT.usage, "It answered no status: do all hosts have the same version of vm-power?");
}

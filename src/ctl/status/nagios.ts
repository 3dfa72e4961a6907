import type { Status } from "../../admin/control-types.ts";
import { count } from "../../terminal/text.ts";
import type { Said } from "../hosts/said.ts";
import { type Health, healthOfHost, type Level } from "./health.ts";

/** The option of `status` that asks for this. */
export const NAGIOS = "--nagios";

/** The exit statuses of plug-ins (Nagios Plugins Development Guidelines), the worst level last. */
const CODES: Readonly<Record<Level, number>> = { ok: 0, unknown: 3, warning: 1, critical: 2 };
const WORST_LAST = Object.keys(CODES) as Level[];

/** The most hosts that the line names. */
const NAMED_MAX = 5;

/** What a plug-in of Nagios prints, and its exit status. */
export interface PluginOutput {
  readonly text: string;
  readonly code: number;
}

/** The line about one daemon. */
export function pluginOfDaemon({ level, problems, status }: Health): PluginOutput {
  const facts =
    status === undefined
      ? []
      : [
          count(status.vms, "VM"),
          count(status.claims, "claim"),
          `${status.channelsConnected} of ${count(status.channels, "channel")} connected`,
          `${count(status.cpusManaged, "CPU")} managed`,
        ];
  return output(level, [...problems, ...facts].join(", "), status === undefined ? "" : perfData(status));
}

/** The line about several hosts: how many are well, and which are not. */
export function pluginOfHosts(said: readonly Said[]): PluginOutput {
  const hosts = said.map((each) => ({ host: each.host, ...healthOfHost(each) }));
  const worst = WORST_LAST.findLast((level) => hosts.some((host) => host.level === level)) ?? "unknown";
  const wrong = hosts
    .filter(({ level }) => level !== "ok")
    .toSorted((one, other) => WORST_LAST.indexOf(other.level) - WORST_LAST.indexOf(one.level));
  const named = wrong.slice(0, NAMED_MAX).map(({ host, problems }) => `${host}: ${problems.join(", ")}`);
  if (wrong.length > NAMED_MAX) named.push(`${wrong.length - NAMED_MAX} more`);
  const text = [`${hosts.length - wrong.length} of ${count(hosts.length, "host")} ok`, ...named].join("; ");
  const numbers = WORST_LAST.map(
    (level) => `${level}=${hosts.filter((host) => host.level === level).length};;;0`,
  );
  return output(worst, text, [`hosts=${hosts.length};;;0`, ...numbers].join(" "));
}

/** The output of a plug-in is one line, in which "|" begins the numbers. */
function output(level: Level, text: string, numbers: string): PluginOutput {
  const line = `VM-POWER ${level.toUpperCase()} - ${text.replaceAll("|", "/").replaceAll("\n", " ")}`;
  return { text: numbers === "" ? line : `${line} | ${numbers}`, code: CODES[level] };
}

/** `label=value;warn;crit;min;max`; a `c` behind the value tells that it only grows. */
function perfData({
  vms,
  claims,
  channels,
  channelsConnected,
  channelsRefused,
  cpusManaged,
  counters,
}: Status) {
  return [
    `vms=${vms};;;0`,
    `claims=${claims};;;0`,
    `channels=${channelsConnected};;;0;${channels}`,
    `channels_refused=${channelsRefused};;;0`,
    `cpus=${cpusManaged};;;0`,
    `requests=${counters.requests}c;;;0`,
    `requests_refused=${counters.refused}c;;;0`,
    `writes=${counters.writes}c;;;0`,
    `writes_refused=${counters.writesRefused}c;;;0`,
  ].join(" ");
}

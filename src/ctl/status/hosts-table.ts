import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { count, formatDuration, printable } from "../../terminal/text.ts";
import type { Said } from "../hosts/said.ts";
import { type Health, healthOfHost, type Level } from "./health.ts";

const COLUMNS: readonly Column[] = [
  { head: "HOST" },
  { head: "HEALTH" },
  { head: "VMS", align: "right" },
  { head: "CLAIMS", align: "right" },
  { head: "CHANNELS", align: "right" },
  { head: "CPUS", align: "right" },
  { head: "UP", align: "right" },
  { head: "PROBLEM", flexible: true },
];

/** The status of several hosts, one line for each, and one about all. */
export function hostsTable(said: readonly Said[], { width, nowMs, style }: Look): string {
  const hosts = said.map((each) => ({ host: printable(each.host), health: healthOfHost(each) }));
  const rows = hosts.map(({ host, health }) => [
    host,
    painted(health.level, style),
    ...cellsOf(health, nowMs),
  ]);
  const levels = (["critical", "unknown", "warning"] as const)
    .map((level) => [level, hosts.filter(({ health }) => health.level === level).length] as const)
    .filter(([, number]) => number > 0)
    .map(([level, number]) => `${number} ${level}`);
  const verdict = levels.length === 0 ? "all ok" : levels.join(", ");
  return `${drawTable(COLUMNS, rows, width)}\n\n${count(hosts.length, "host")}: ${verdict}`;
}

interface Look {
  readonly width: number;
  readonly nowMs: number;
  readonly style: Style;
}

function painted(level: Level, style: Style): string {
  return level === "ok" ? style.good(level) : level === "warning" ? style.warn(level) : style.bad(level);
}

function cellsOf({ status, problems }: Health, nowMs: number): string[] {
  const problem = problems.join("; ");
  if (status === undefined) return ["-", "-", "-", "-", "-", problem];
  return [
    `${status.vms}`,
    `${status.claims}`,
    `${status.channelsConnected}/${status.channels}`,
    `${status.cpusManaged}`,
    formatDuration(nowMs - status.startedAtMs),
    problem,
  ];
}

import type { Energy, Saved, VmUsage } from "../../admin/control-types.ts";
import { formatTime } from "../../terminal/text.ts";
import { formatJoules, formatWatts, savedText } from "../energy-text.ts";
import { statesText } from "../times-text.ts";
import { escaped } from "./html.ts";
import { askers, type Report, type ReportedVm, reportedVms, requestsOf } from "./report.ts";
import { speedBar, speedRange } from "./speeds.ts";

/** Rows of one table: two pages. The report says how many more there are. */
const ROWS_MAX = 80;

/** Changes by other programs that are listed, the newest. */
const DRIFTS_MAX = 20;

/** The tables of a report, those with rows. */
export function reportTables(report: Report): string {
  const tables = [vmTable(report), requestTable(report), driftTable(report)].filter((part) => part !== "");
  return `<section class="tables">${tables.join("\n")}</section>`;
}

function vmTable(report: Report): string {
  const { energy, usage, vm } = report;
  const vms = reportedVms(report);
  if (vms.length === 0) return "";
  const range = speedRange(usage.points.flatMap(({ states }) => states));
  const rows = vms.slice(0, ROWS_MAX).map((each) => vmRow(each, range));
  const sums = energy === undefined || vm !== undefined ? [] : hostRows(energy);
  return table({
    title: vm === undefined ? "VMs" : "Energy and time",
    heads: [
      "VM",
      "Energy",
      "Power",
      "Saved against max",
      "Saved against original",
      "Changes",
      "Time by speed",
    ],
    rows: [...rows, ...moreRow(vms.length), ...sums],
    left: [6],
  });
}

function vmRow({ vm, use, energy }: ReportedVm, range: ReturnType<typeof speedRange>): string {
  const cells = [
    escaped(vm),
    energy === undefined ? "–" : formatJoules(energy.joules),
    energy === undefined ? "–" : formatWatts(energy.watts),
    savedCell(energy?.savedMax),
    savedCell(energy?.savedBaseline),
    use === undefined ? "–" : use.transitions.toLocaleString("en-US"),
  ];
  const bar =
    use === undefined || use.states.length === 0 ? "–" : speedBar(use.states, range, statesText(use));
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}<td class="bars left">${bar}</td></tr>`;
}

/** The best estimate, and its interval in small. */
function savedCell(saved: Saved | undefined): string {
  const [best, ...interval] = savedText(saved).split(" (");
  return interval.length === 0 ? `<small>${best}</small>` : `${best} <small>(${interval.join(" (")}</small>`;
}

function hostRows({
  joules,
  watts,
  hostJoules,
  idleJoules,
  fromMs,
  toMs,
  savedMax,
  savedBaseline,
}: Energy): string[] {
  const seconds = (toMs - fromMs) / 1000;
  const row = (kind: string, cells: readonly string[]) =>
    `<tr class="${kind}">${[...cells, "", ""].map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  const part = (name: string, each: number) =>
    row("part", [name, formatJoules(each), formatWatts(each / seconds), "", ""]);
  const sum = [
    "All",
    formatJoules(joules),
    formatWatts(watts),
    savedCell(savedMax),
    savedCell(savedBaseline),
  ];
  return [part("host’s own tasks", hostJoules), part("idle", idleJoules), row("sum", sum)];
}

function requestTable(report: Report): string {
  const asked = askers(report);
  return table({
    title: "Who asked, and what became of it",
    heads: ["VM", "Requests", "Bounded", "Held", "Refused", "p99, µs", "Slowest, µs", "When"],
    rows: [...asked.slice(0, ROWS_MAX).map(requestRow), ...moreRow(asked.length)],
    left: [7],
  });
}

function requestRow(use: VmUsage): string {
  const counts = [requestsOf(use), use.bounded, use.held, use.refused].map((each) =>
    each.toLocaleString("en-US"),
  );
  const times = [use.p99Us, use.worstUs].map((us) => (us === undefined ? "–" : us.toFixed(0)));
  const when = use.worstAtMs === undefined ? "–" : formatTime(use.worstAtMs).slice(0, 16);
  const cells = [escaped(use.vm), ...counts, ...times].map((cell) => `<td>${cell}</td>`);
  return `<tr>${cells.join("")}<td class="left">${when}</td></tr>`;
}

function driftTable({ drifts }: Report): string {
  const rows = drifts.events
    .slice(-DRIFTS_MAX)
    .map(
      ({ atMs, message }) =>
        `<tr><td>${formatTime(atMs)}</td><td class="left words">${escaped(message)}</td></tr>`,
    );
  const title =
    drifts.events.length > DRIFTS_MAX
      ? `Changed by other programs, the last ${DRIFTS_MAX}`
      : "Changed by other programs";
  return table({ title, heads: ["When", "What"], rows, left: [1] });
}

interface Table {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly string[];
  /** Columns of words, beside the first. */
  readonly left: readonly number[];
}

function table({ title, heads, rows, left }: Table): string {
  if (rows.length === 0) return "";
  const cells = heads.map((head, i) => `<th${left.includes(i) ? ' class="left"' : ""}>${head}</th>`);
  return (
    `<h2>${title}</h2><div class="scroll"><table><thead><tr>${cells.join("")}</tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table></div>`
  );
}

function moreRow(count: number): string[] {
  return count > ROWS_MAX ? [`<tr class="part"><td>and ${count - ROWS_MAX} more</td></tr>`] : [];
}

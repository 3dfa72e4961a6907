import type { VmUsage } from "../../admin/control-types.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { count, formatDuration, formatTime, printable } from "../../terminal/text.ts";
import { wrapLine } from "../../terminal/wrap.ts";
import { energyColumns, energyRow, otherRows } from "../energy-text.ts";
import { statesText } from "../times-text.ts";
import { reportNotes } from "./notes.ts";
import { askers, type Report, type ReportedVm, reportedVms, requestsOf, secondsOf } from "./report.ts";

/** Rows of one table; the report says how many more there are. */
const ROWS_MAX = 40;

/** Changes by other programs that are listed, the newest. */
const DRIFTS_MAX = 10;

/** Speeds of a VM that are named, the most used ones: more do not fit into a line. */
const STATES_MAX = 2;

/** The width of a report that is no terminal's. */
const WIDTH_MAX = 100;

/** The style and width of the text. */
interface Look {
  readonly style: Style;
  readonly width: number;
}

/** A report as a page of text. */
export function reportText(report: Report, { style, width }: Look): string {
  const look = { style, width: Math.min(width, WIDTH_MAX) };
  const parts = [head(report, look), energyTable(report, look), timeTable(report, look)];
  return [...parts, requestTable(report, look), driftLines(report, look), noteLines(report, look)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function head({ host, vm, fromMs, toMs, usage }: Report, { style, width }: Look): string {
  const about = vm === undefined ? printable(host) : `VM ${printable(vm)} on ${printable(host)}`;
  const span = `${formatTime(fromMs)} to ${formatTime(toMs)}, ${formatDuration(toMs - fromMs)}`;
  const { drifts, writesRefused, transitions, states } = usage.host;
  const facts = [
    `${count(transitions, "change")} of speed, ${count(writesRefused, "write")} refused by the kernel, ` +
      `${count(drifts, "change")} by other programs`,
    ...(secondsOf(states) > 0 ? [`CPUs were ${statesText({ states })}`] : []),
  ];
  return [style.bold(`Report of ${about}`), span, ...facts.map((line) => wrapLine(line, width, 2))].join(
    "\n",
  );
}

function energyTable(report: Report, { width }: Look): string {
  const { energy, vm } = report;
  if (energy === undefined) return "";
  const vms = reportedVms(report).filter((each) => each.energy !== undefined);
  const rows = limited(vms, ({ vm: name, energy: own }: ReportedVm) => energyRow(name, own));
  return drawTable(energyColumns("VM"), [...rows, ...(vm === undefined ? otherRows(energy) : [])], width);
}

const TIME_COLUMNS: readonly Column[] = [
  { head: "VM", flexible: true },
  { head: "CHANGES", align: "right" },
  { head: "TIME OF ITS VCPUS", flexible: true },
];

function timeTable(report: Report, { width }: Look): string {
  const vms = reportedVms(report).flatMap(({ use }) =>
    use !== undefined && secondsOf(use.states) > 0 ? [use] : [],
  );
  if (vms.length === 0) return "";
  const rows = limited(vms, (use) => [printable(use.vm), `${use.transitions}`, statesText(use, STATES_MAX)]);
  return drawTable(TIME_COLUMNS, rows, width);
}

const REQUEST_COLUMNS: readonly Column[] = [
  { head: "WHO ASKED", flexible: true },
  { head: "REQUESTS", align: "right" },
  { head: "BOUNDED", align: "right" },
  { head: "HELD", align: "right" },
  { head: "REFUSED", align: "right" },
  { head: "P99 us", align: "right" },
  { head: "SLOWEST us", align: "right" },
  { head: "AT" },
];

function requestTable(report: Report, { width }: Look): string {
  const asked = askers(report);
  if (asked.length === 0) return "";
  const rows = limited(asked, (vm: VmUsage) => [
    printable(vm.vm),
    ...[requestsOf(vm), vm.bounded, vm.held, vm.refused].map((each) => `${each}`),
    vm.p99Us === undefined ? "-" : vm.p99Us.toFixed(0),
    vm.worstUs === undefined ? "-" : vm.worstUs.toFixed(0),
    vm.worstAtMs === undefined ? "-" : formatTime(vm.worstAtMs).slice(5, 16),
  ]);
  return drawTable(REQUEST_COLUMNS, rows, width);
}

function driftLines({ drifts }: Report, { style, width }: Look): string {
  const shown = drifts.events.slice(-DRIFTS_MAX);
  if (shown.length === 0) return "";
  const more = drifts.events.length - shown.length;
  const lines = shown.map(({ atMs, message }) =>
    wrapLine(`${style.dim(formatTime(atMs))} ${printable(message)}`, width, 2),
  );
  return ["Changed by other programs:", ...lines, ...(more > 0 ? [`and ${more} before`] : [])].join("\n");
}

function noteLines(report: Report, { width }: Look): string {
  return reportNotes(report)
    .map((note) => wrapLine(note, width, 2))
    .join("\n");
}

function limited<T>(items: readonly T[], row: (item: T) => string[]): string[][] {
  const rows = items.slice(0, ROWS_MAX).map(row);
  return items.length > ROWS_MAX ? [...rows, [`and ${items.length - ROWS_MAX} more`]] : rows;
}

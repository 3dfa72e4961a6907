import type { Energy, Saved, Usage } from "../../admin/control-types.ts";
import { formatDuration, formatTime } from "../../terminal/text.ts";
import { digits, formatJoules, formatWatts } from "../energy-text.ts";
import { escaped } from "./html.ts";
import { reportNotes } from "./notes.ts";
import { reportPlots } from "./page-plots.ts";
import { reportTables } from "./page-tables.ts";
import { askers, type Report, requestsOf, slowest } from "./report.ts";
import { STYLE } from "./style.ts";

const JOULES_PER_KWH = 3_600_000;

/** A figure that the sources cannot tell. */
const UNKNOWN = "not known";
const SEE_NOTES = "see the notes at the end";

/** A report as one file of HTML that loads nothing and runs nothing. */
export function reportPage(report: Report): string {
  const title = escaped(titleOf(report));
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    // Whatever a name may smuggle in: nothing is loaded, and nothing runs.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${title} · vm-power</title><style>${STYLE}</style></head><body>`,
    header(report),
    `<section class="figures">${figures(report).join("\n")}</section>`,
    reportPlots(report),
    reportTables(report),
    notes(report),
    "</body></html>\n",
  ].join("\n");
}

function titleOf({ host, vm }: Report): string {
  return vm === undefined ? host : `${vm} on ${host}`;
}

function header(report: Report): string {
  const { fromMs, toMs, madeAtMs } = report;
  const span = `${shortTime(fromMs)} to ${shortTime(toMs)} · ${formatDuration(toMs - fromMs)}`;
  return (
    `<header><div><h1>${escaped(titleOf(report))}</h1><p class="soft">${span}</p></div>` +
    `<p class="made">vm-power report<br>made ${shortTime(madeAtMs)}</p></header>`
  );
}

/** The figures that matter, each with what stands behind it. */
function figures(report: Report): string[] {
  const { energy, usage, vm } = report;
  const own = vm === undefined ? energy : energy?.vms.find((each) => each.vm === vm);
  return [
    energyFigure(own),
    savedFigure("Saved against the highest speed", own?.savedMax),
    savedFigure("Saved against the original settings", own?.savedBaseline),
    requestFigure(report),
    latencyFigure(report),
    driftFigure(usage),
  ];
}

function figure(name: string, value: string, below: string): string {
  // A unit stays with its number.
  const kept = escaped(below).replace(/(\d) (?=%|[kM]?J|kWh|W\b|[µm]s)/g, "$1&nbsp;");
  return `<div><span class="name">${escaped(name)}</span><b>${escaped(value)}</b><small>${kept}</small></div>`;
}

function energyFigure(own: Pick<Energy, "joules" | "watts"> | undefined): string {
  if (own === undefined) return figure("Energy", UNKNOWN, SEE_NOTES);
  const { joules, watts } = own;
  return figure("Energy", formatJoules(joules), `${kwh(joules)} kWh, ${formatWatts(watts)} on average`);
}

function savedFigure(name: string, saved: Saved | undefined): string {
  if (saved === undefined) return figure(name, UNKNOWN, SEE_NOTES);
  const { joules, low, high } = saved;
  return figure(name, formatJoules(joules), `95 %: ${formatJoules(low)} to ${formatJoules(high)}`);
}

function requestFigure(report: Report): string {
  if (report.usage.points.length === 0) return figure("Requests", UNKNOWN, SEE_NOTES);
  const asked = askers(report);
  const sum = (of: (vm: Usage["vms"][number]) => number) => asked.reduce((total, vm) => total + of(vm), 0);
  const total = sum(requestsOf);
  if (total === 0) return figure("Requests", "0", "nobody asked for a speed");
  const part = (count: number) => (count === 0 ? "0 %" : `${digits((100 * count) / total)} %`);
  const parts = `${part(sum((vm) => vm.bounded))} bounded, ${part(sum((vm) => vm.held))} held, ${part(sum((vm) => vm.refused))} refused`;
  return figure("Requests", total.toLocaleString("en-US"), parts);
}

function latencyFigure(report: Report): string {
  const worst = slowest(report);
  if (worst === undefined) return figure("Slowest packet", UNKNOWN, "none was measured");
  const p99 = Math.max(...report.usage.vms.map(({ p99Us }) => p99Us ?? 0));
  const when = worst.worstAtMs === undefined ? "" : `, ${shortTime(worst.worstAtMs)}`;
  return figure(
    "Slowest packet",
    microseconds(worst.worstUs ?? 0),
    `${worst.vm}${when}; worst p99 ${microseconds(p99)}`,
  );
}

function driftFigure({ host, points }: Usage): string {
  const name = "Changes by other programs";
  if (points.length === 0) return figure(name, UNKNOWN, SEE_NOTES);
  return figure(
    name,
    host.drifts.toLocaleString("en-US"),
    `${host.transitions.toLocaleString("en-US")} settings by vm-power, ${host.writesRefused.toLocaleString("en-US")} refused by the kernel`,
  );
}

function notes(report: Report): string {
  const items = reportNotes(report).map((note) => `<li>${escaped(note)}</li>`);
  return `<section class="notes"><ul>${items.join("\n")}</ul></section>`;
}

function kwh(joules: number): string {
  return digits(joules / JOULES_PER_KWH);
}

/** Formats microseconds: `212 µs`, `1.20 ms`. */
function microseconds(us: number): string {
  return us < 1000 ? `${us.toFixed(0)} µs` : `${digits(us / 1000)} ms`;
}

/** A time without its seconds. */
function shortTime(atMs: number): string {
  return formatTime(atMs).slice(0, 16);
}

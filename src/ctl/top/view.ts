import { formatCpuList } from "../../base/cpu-list.ts";
import { formatGhz } from "../../base/format-khz.ts";
import type { Style } from "../../terminal/io.ts";
import { count, formatDuration, printable } from "../../terminal/text.ts";
import { type Choice, chosenRows, type Moment, type Row } from "./rows.ts";

/** How to show the rows. */
export interface Frame {
  readonly choice: Choice;
  readonly style: Style;
  readonly columns: number;
  /** How many lines fit; undefined to show all rows. */
  readonly rows?: number | undefined;
  /** Rows that were scrolled past. */
  readonly offset?: number;
  /** The text of the last line. */
  readonly foot?: string;
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly text: (row: Row) => string;
}

/** Speeds are in GHz without the unit, so that the table fits into 80 columns. */
const COLUMNS: readonly Column[] = [
  { head: "VCPU", width: 4, align: "right", text: ({ vcpu }) => `${vcpu}` },
  { head: "CPU", width: 5, align: "left", text: ({ pcpus }) => formatCpuList(pcpus) || "-" },
  { head: "ASKED", width: 5, align: "right", text: ({ askedKhz }) => ghz(askedKhz, "-") },
  { head: "GRANT", width: 5, align: "right", text: ({ grantedKhz }) => ghz(grantedKhz, "base") },
  { head: "NOW", width: 5, align: "right", text: ({ actualKhz }) => ghz(actualKhz, "-") },
  { head: "LIMIT", width: 9, align: "left", text: ({ bound }) => bound ?? "-" },
  { head: "REQ/S", width: 6, align: "right", text: ({ perSecond }) => rate(perSecond) },
  { head: "DROPS", width: 5, align: "right", text: ({ drops }) => short(drops) },
  {
    head: "P99us",
    width: 6,
    align: "right",
    text: ({ p99Us }) => (p99Us === undefined ? "-" : micros(p99Us)),
  },
  { head: "STATE", width: 10, align: "left", text: ({ state }) => state },
];

const FIXED_WIDTH = COLUMNS.reduce((sum, { width }) => sum + width + 1, 0);
const VM_WIDTH_MIN = 6;
const VM_WIDTH_MAX = 40;

/** Lines besides the rows: two of summary, an empty one, the heads, the last line. */
const LINES_BESIDE = 5;

/** How many rows fit. */
export function roomFor(lines: number): number {
  return Math.max(1, lines - LINES_BESIDE);
}

/** Draws the view, one string per line, none wider than the terminal. */
export function drawMoment(moment: Moment, frame: Frame): string[] {
  const { choice, style, columns, rows, offset = 0, foot } = frame;
  const chosen = chosenRows(moment.rows, choice);
  const shown = rows === undefined ? chosen : chosen.slice(offset, offset + roomFor(rows));
  const longest = shown.reduce((most, { vm }) => Math.max(most, Bun.stringWidth(vm)), VM_WIDTH_MIN);
  const vmWidth = Math.max(VM_WIDTH_MIN, Math.min(columns - FIXED_WIDTH, VM_WIDTH_MAX, longest));
  const head = [
    "VM".padEnd(vmWidth),
    ...COLUMNS.map(({ head, width, align }) => aligned(head, width, align)),
  ];
  const lines = [
    ...summary(moment, chosen.length, choice).map((line) => cut(line, columns)),
    "",
    style.bold(cut(head.join(" ").trimEnd(), columns)),
    ...shown.map((row) => colour(row, cut(rowText(row, vmWidth).trimEnd(), columns), style)),
  ];
  if (rows === undefined) return lines;
  while (lines.length < rows - 1) lines.push("");
  return [...lines, style.dim(cut(foot ?? "", columns))];
}

function summary(moment: Moment, shown: number, { sort, reversed, filter }: Choice): string[] {
  const { rows, vms, uptimeMs, requestsPerSecond, refusedPerSecond, drops } = moment;
  const claims = rows.filter(({ state }) => state === "claims").length;
  const which = filter === "" ? "" : `, ${shown} shown: "${printable(filter)}"`;
  return [
    `vm-power, up ${formatDuration(uptimeMs)}: ${count(vms, "VM")}, ${count(rows.length, "vCPU")}, ` +
      `${claims} with a claim${which}; GHz, by ${sort}${reversed ? ", reversed" : ""}`,
    `${rate(requestsPerSecond)} requests/s, ${rate(refusedPerSecond)} refused/s, ${short(drops)} dropped${worstText(moment)}`,
  ];
}

/** The VM that waits longest, and the average times of deciding, writing and answering, and of reading back after that. */
function worstText({ worstP99Us, worstStages }: Moment): string {
  if (worstP99Us === undefined) return "";
  const worst = `, worst p99 ${micros(worstP99Us)} us`;
  if (worstStages === undefined) return worst;
  const { decideUs, writeUs, replyUs, readBackUs } = worstStages;
  const readBack = readBackUs === undefined ? "" : `, ${micros(readBackUs)}`;
  return `${worst} (${[decideUs, writeUs, replyUs].map(micros).join("+")}${readBack})`;
}

function rowText(row: Row, vmWidth: number): string {
  const cells = COLUMNS.map(({ head, width, align, text }) =>
    // The last column may fill the rest of the line.
    head === "STATE" ? printable(text(row)) : aligned(printable(text(row)), width, align),
  );
  return [aligned(printable(row.vm), vmWidth, "left"), ...cells].join(" ");
}

function colour({ state, bound }: Row, line: string, style: Style): string {
  if (state === "silent" || state === "paused") return style.dim(line);
  if (state !== "claims" || bound === "kernel") return style.bad(line);
  return bound === undefined ? line : style.warn(line);
}

/** Pads or cuts a text to a width; a cut text ends with a mark. */
function aligned(text: string, width: number, align: "left" | "right"): string {
  const fitting = cut(text, width);
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(fitting)));
  return align === "left" ? fitting + space : space + fitting;
}

function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let kept = "";
  for (const char of text) {
    if (Bun.stringWidth(kept + char) >= width) break;
    kept += char;
  }
  return `${kept}~`;
}

function ghz(khz: number | undefined, absent: string): string {
  return khz === undefined ? absent : formatGhz(khz);
}

function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : short(Math.round(perSecond));
}

function micros(us: number): string {
  return us < 100 ? us.toFixed(1) : short(Math.round(us));
}

function short(number: number): string {
  if (number < 100_000) return `${number}`;
  return number < 10_000_000 ? `${Math.round(number / 1000)}k` : `${Math.round(number / 1_000_000)}M`;
}

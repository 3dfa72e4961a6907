import { columnsOf, cutToColumns } from "./columns.ts";
import { wrapLine } from "./wrap.ts";

/** A column: its head, its alignment, and whether it may shrink in a narrow terminal. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly flexible?: boolean;
}

const GAP = "  ";
const FLEXIBLE_WIDTH_MIN = 10;
/** A column that is wrapped gives way before others, down to this width. */
const WRAPPED_WIDTH = 24;

/**
 * Draws an aligned table without borders. Flexible columns shrink to keep it within `width`: the last one is wrapped, others are
 * cut.
 */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const lines = [columns.map(({ head }) => head), ...rows];
  const widths = widthsOf(columns, lines, width);
  const last = columns.length - 1;
  const indent = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const cellOf = (cell: string, index: number) => {
    const { align = "left", flexible } = columns[index] as Column;
    const own = widths[index] ?? 0;
    const parts = index === last && flexible ? wrapLine(cell, own, 0).split("\n") : [cell];
    return parts.map((part) => fitted(part, own, align)).join(`\n${" ".repeat(indent)}`);
  };
  return lines
    .map((cells) =>
      columns
        .map((_, index) => cellOf(cells[index] ?? "", index))
        .join(GAP)
        .replace(/ +$/gm, ""),
    )
    .join("\n");
}

/** Every column is as wide as its widest cell. If that is too much, flexible columns shrink. */
function widthsOf(
  columns: readonly Column[],
  lines: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((_, index) =>
    lines.reduce((most, cells) => Math.max(most, columnsOf(cells[index] ?? "")), 0),
  );
  const last = columns.length - 1;
  let excess = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  const shrink = (index: number, least: number) => {
    const own = widths[index] ?? 0;
    const given = columns[index]?.flexible ? Math.max(0, Math.min(excess, own - least)) : 0;
    excess -= given;
    widths[index] = own - given;
  };
  shrink(last, WRAPPED_WIDTH);
  for (const index of columns.keys()) shrink(index, FLEXIBLE_WIDTH_MIN);
  return widths;
}

/** Pads or cuts a cell to its width; a cut cell ends with a mark. */
function fitted(cell: string, width: number, align: "left" | "right"): string {
  const shown = columnsOf(cell) <= width ? cell : `${cutToColumns(cell, width - 1)}…`;
  const space = " ".repeat(Math.max(0, width - columnsOf(shown)));
  return align === "left" ? shown + space : space + shown;
}

import { columnsOf, cutToColumns } from "./columns.ts";

/** A column: its head, its alignment, and whether it may shrink in a narrow terminal. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly flexible?: boolean;
}

const GAP = "  ";
const FLEXIBLE_WIDTH_MIN = 10;

/** Draws an aligned table without borders. Flexible columns shrink to keep it within `width`. */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const lines = [columns.map(({ head }) => head), ...rows];
  const widths = widthsOf(columns, lines, width);
  return lines
    .map((cells) =>
      columns
        .map(({ align = "left" }, index) => fitted(cells[index] ?? "", widths[index] ?? 0, align))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

/** Every column is as wide as its widest cell. If that is too much, flexible columns shrink. */
function widthsOf(
  columns: readonly Column[],
  lines: readonly (readonly string[])[],
  width: number,
): number[] {
  const natural = columns.map((_, index) =>
    lines.reduce((most, cells) => Math.max(most, columnsOf(cells[index] ?? "")), 0),
  );
  let excess = natural.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  return natural.map((each, index) => {
    const given = columns[index]?.flexible ? Math.max(0, Math.min(excess, each - FLEXIBLE_WIDTH_MIN)) : 0;
    excess -= given;
    return each - given;
  });
}

/** Pads or cuts a cell to its width; a cut cell ends with a mark. */
function fitted(cell: string, width: number, align: "left" | "right"): string {
  const shown = columnsOf(cell) <= width ? cell : `${cutToColumns(cell, width - 1)}…`;
  const space = " ".repeat(Math.max(0, width - columnsOf(shown)));
  return align === "left" ? shown + space : space + shown;
}

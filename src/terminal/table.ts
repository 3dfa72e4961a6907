/** A column: its head, which side it is aligned to, and whether it gives way in a narrow terminal. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly flexible?: boolean;
}

const GAP = "  ";
const FLEXIBLE_WIDTH_MIN = 10;

/** Draws a table without borders, aligned, at most `width` wide where a flexible column can give way. */
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

/** Every column is as wide as its widest cell; where that is too much, flexible ones give what is missing. */
function widthsOf(
  columns: readonly Column[],
  lines: readonly (readonly string[])[],
  width: number,
): number[] {
  const natural = columns.map((_, index) =>
    lines.reduce((most, cells) => Math.max(most, Bun.stringWidth(cells[index] ?? "")), 0),
  );
  let excess = natural.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
  return natural.map((each, index) => {
    const given = columns[index]?.flexible ? Math.max(0, Math.min(excess, each - FLEXIBLE_WIDTH_MIN)) : 0;
    excess -= given;
    return each - given;
  });
}

/** A cell at its width; what does not fit ends with a mark. */
function fitted(cell: string, width: number, align: "left" | "right"): string {
  const shown = Bun.stringWidth(cell) <= width ? cell : `${Bun.sliceAnsi(cell, 0, width - 1)}…`;
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(shown)));
  return align === "left" ? shown + space : space + shown;
}

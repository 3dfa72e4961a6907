import CliTable from "cli-table3";

/** A column: its head, which side it is aligned to, and whether it gives way in a narrow terminal. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly flexible?: boolean;
}

const GAP = 2;
const FLEXIBLE_WIDTH_MIN = 10;

/** Draws a table without borders, aligned, at most `width` wide where a flexible column can give way. */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const widths = columns.map(({ head }, index) =>
    Math.max(...[head, ...rows.map((row) => row[index] ?? "")].map((cell) => Bun.stringWidth(cell))),
  );
  let excess = widths.reduce((sum, each) => sum + each + GAP, -GAP) - width;
  const colWidths = widths.map((natural, index) => {
    const given = columns[index]?.flexible ? Math.max(0, Math.min(excess, natural - FLEXIBLE_WIDTH_MIN)) : 0;
    excess -= given;
    return natural - given + GAP;
  });
  const table = new CliTable({
    chars: NO_BORDERS,
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": GAP },
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align = "left" }) => align),
    colWidths,
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("middle")
    .map((name) => [name, ""]),
);

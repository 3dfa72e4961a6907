import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const README = join(import.meta.dir, "../README.md");
const BEGIN = "<!-- The table is made by: make bench README=yes -->";
const END = "<!-- end of the table -->";

/** Figure, ours, the floors', our ratio: what is aimed for concerns those who work on the daemon. */
const SHOWN = 5;

/** Replaces the table of figures in README.md. */
export function putIntoReadme(
  columns: readonly { readonly head: string; readonly align?: "right" }[],
  rows: readonly (readonly string[])[],
  machine: string,
): void {
  const text = readFileSync(README, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`"${README}" has no place for the table: "${BEGIN}" and "${END}"`);
  const line = (cells: readonly string[]) => `| ${cells.slice(0, SHOWN).join(" | ")} |`;
  const heads = line(columns.map(({ head }) => head));
  const rule = line(columns.map(({ align }) => (align === "right" ? "---:" : "---")));
  const table = [heads, rule, ...rows.map(line), "", `Measured on ${machine}.`].join("\n");
  writeFileSync(README, `${text.slice(0, from)}${BEGIN}\n${table}\n${text.slice(to)}`);
}

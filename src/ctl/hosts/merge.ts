import { type Column, drawTable } from "../../terminal/table.ts";

/** The text output of one host. */
export interface HostText {
  readonly host: string;
  readonly text: string;
}

/** A table as it was printed: its heads and cells. */
interface Table {
  readonly heads: readonly string[];
  readonly rightAligned: readonly boolean[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Joins the output of hosts. Tables with the same heads become one with a column for the host; other lines get the
 * host's name.
 */
export function mergeTexts(texts: readonly HostText[], width: number): string {
  const tables = new Map<string, { table: Table; rows: string[][] }>();
  const plain: string[][] = [];
  for (const { host, text } of texts) {
    for (const block of text.trimEnd().split(/\n{2,}/)) {
      const lines = block.split("\n");
      const table = readTable(lines);
      if (table === undefined) {
        for (const line of lines) if (line !== "") plain.push([host, line]);
        continue;
      }
      const key = table.heads.join("\0");
      const merged = tables.get(key) ?? { table, rows: [] };
      tables.set(key, merged);
      for (const row of table.rows) merged.rows.push([host, ...row]);
    }
  }
  const parts = [...tables.values()].map(({ table, rows }) => drawTable(columnsOf(table), rows, width));
  const hostWidth = Math.max(0, ...plain.map(([host = ""]) => Bun.stringWidth(host)));
  const lines = plain.map(([host = "", line = ""]) => `${host.padEnd(hostWidth)}  ${line}`);
  return [...parts, ...(lines.length === 0 ? [] : [lines.join("\n")])].join("\n\n");
}

function columnsOf({ heads, rightAligned }: Table): Column[] {
  return [
    { head: "HOST" },
    ...heads.map((head, at): Column => ({ head, align: rightAligned[at] ? "right" : "left" })),
  ];
}

/**
 * Reads one of our tables back from its text. Heads are in capitals. Between two columns every line has two spaces;
 * within a cell some lines do not.
 */
function readTable(lines: readonly string[]): Table | undefined {
  const [head = "", ...below] = lines;
  if (below.length === 0 || !/^ *[A-Z]/.test(head) || /[a-z]{3}/.test(head)) return undefined;
  const width = Math.max(...lines.map((line) => line.length));
  const isGap = Array.from({ length: width }, (_, at) => lines.every((line) => (line[at] ?? " ") === " "));
  const spans: [number, number][] = [];
  let start = 0;
  for (let at = 0; at <= width; at++) {
    const ends = at === width || (isGap[at] && isGap[at + 1] !== false && at > start);
    if (!ends) continue;
    if (at > start) spans.push([start, at]);
    while (at < width && isGap[at]) at++;
    start = at;
  }
  const cut = (line: string) => spans.map(([from, to]) => line.slice(from, to).trim());
  return {
    heads: cut(head),
    rightAligned: spans.map(
      ([from, to]) =>
        lines.some((line) => line[from] === " ") && lines.every((line) => (line[to - 1] ?? " ") !== " "),
    ),
    rows: below.map(cut),
  };
}

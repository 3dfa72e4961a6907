import { columnsOf } from "./columns.ts";
import type { TerminalIo } from "./io.ts";

/** The width for text: that of the terminal; unlimited for a file or a pipe. */
export function textWidth({ isTty, columns }: TerminalIo): number {
  return isTty && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

/** Breaks a line between words to fit the width. Lines after the first one are indented. */
export function wrapLine(line: string, width: number, indent: number): string {
  if (columnsOf(line) <= width) return line;
  const [, lead = "", rest = ""] = /^(\s*)(.*)$/s.exec(line) ?? [];
  const lines: string[] = [];
  let current = "";
  for (const word of rest.split(" ")) {
    const start = lines.length === 0 ? lead : " ".repeat(indent);
    const longer = current === "" ? `${start}${word}` : `${current} ${word}`;
    if (current !== "" && columnsOf(longer) > width) {
      lines.push(current);
      current = `${" ".repeat(indent)}${word}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current].join("\n");
}

import type { Style, TerminalIo } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";

/** Shows text of another program line by line, as something that would be added. */
export function additions(text: string, style: Style): string {
  const lines = printableLines(text).split("\n");
  return `${lines.map((line) => style.good(`+ ${line}`)).join("\n")}\n`;
}

/** Asks the user; says so if nothing is changed. */
export async function agrees(io: TerminalIo, question: string): Promise<boolean> {
  const reader = io.readLines();
  try {
    if (/^y(es)?$/i.test((await reader.next(question))?.trim() ?? "")) return true;
    io.stderr.write("Nothing was changed\n");
    return false;
  } finally {
    reader.close();
  }
}

/** Makes each line safe to show. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

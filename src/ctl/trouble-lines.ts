import type { Style } from "../terminal/io.ts";
import { wrapLine } from "../terminal/wrap.ts";
import type { Trouble } from "./trouble.ts";

/** Faults as a paragraph with a blank line before it; empty if there are none. */
export function troubleLines(troubles: readonly Trouble[], style: Style, width: number): string[] {
  if (troubles.length === 0) return [];
  const lines = [""];
  for (const { what, remedy } of troubles) {
    lines.push(wrapLine(`${style.bad("!")} ${what}`, width, 2));
    if (remedy !== undefined) lines.push(wrapLine(`  ${style.dim("→")} ${remedy}`, width, 4));
  }
  return lines;
}

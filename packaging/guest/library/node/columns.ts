import { stripVTControlCharacters } from "node:util";

// In place of src/terminal/columns.ts. What a guest shows has no wide characters, and no colour in a cell that is cut.

export function columnsOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function cutToColumns(text: string, columns: number): string {
  return [...stripVTControlCharacters(text)].slice(0, columns).join("");
}

/** The number of columns that a text takes in a terminal. */
export function columnsOf(text: string): number {
  return Bun.stringWidth(text);
}

/** The beginning of a text that fits into so many columns. Colours count nothing, and end with it. */
export function cutToColumns(text: string, columns: number): string {
  return Bun.sliceAnsi(text, 0, columns);
}

/** What may be at one place of a command: a VM's name, channels, a number up to 255, or one of these words. */
export type Token = "vm" | "channels" | "number" | readonly string[];

/** Longest word that DPDK's prompt accepts. */
const WORD_LENGTH_MAX = 127;

const NUMBER_MAX = 255;

/** Splits a line into words as DPDK's prompt does: at blanks, up to a "#". */
export function wordsOf(line: string): string[] {
  return line
    .replace(/#.*/s, "")
    .split(/[ \t\r\n]+/)
    .filter((word) => word !== "");
}

/** Whether the words fit a command, each in its place. */
export function fits(words: readonly string[], tokens: readonly Token[]): boolean {
  return (
    words.length === tokens.length && tokens.every((token, index) => fitsToken(words[index] ?? "", token))
  );
}

function fitsToken(word: string, token: Token): boolean {
  if (typeof token !== "string") return token.includes(word);
  if (token === "number") return numberOf(word) !== undefined;
  return word.length <= WORD_LENGTH_MAX;
}

/** Parses a number as DPDK's prompt does, `10`, `0x0a`, `0b1010` or `012`; undefined above 255. */
export function numberOf(word: string): number | undefined {
  const digits = /^(?:0x([0-9a-f]{1,8})|0b([01]{1,32})|0([0-7]{1,10})|(0|[1-9]\d{0,9}))$/i.exec(word);
  if (digits === null) return undefined;
  const [, hex, binary, octal, decimal = ""] = digits;
  const radix = hex !== undefined ? 16 : binary !== undefined ? 2 : octal !== undefined ? 8 : 10;
  const number = Number.parseInt(hex ?? binary ?? octal ?? decimal, radix);
  return number <= NUMBER_MAX ? number : undefined;
}

/** Parses channels, `0,1,4`, up to the first item that is no number, as DPDK's prompt does. */
export function channelsOf(list: string): string[] {
  const items = list.split(",");
  const end = items.findIndex((item) => !/^[+-]?\d+$/.test(item));
  return end < 0 ? items : items.slice(0, end);
}

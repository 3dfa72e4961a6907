import type { Style } from "../../terminal/io.ts";

/** The keys, and what they do. */
const KEYS: readonly (readonly [string, string])[] = [
  ["v c a g n r d p t", "sort by VM, CPU, ASKED, GRANT, NOW, REQ/S, DROPS, P99, STATE"],
  ["s, i", "sort by the next column, in the other direction"],
  ["/, Escape", "show only rows that hold a text, show all again"],
  ["arrows, PgUp PgDn", "scroll; Home and End go to the first and the last row"],
  ["h, ?", "this help"],
  ["q, Ctrl-C", "quit"],
];

/** The columns, and their meaning. */
const COLUMNS: readonly (readonly [string, string])[] = [
  ["ASKED", "the speed that the guest asked for, in GHz"],
  ["GRANT", "the speed that its CPU was given; base: as it was found"],
  ["NOW", "the speed that the kernel reports"],
  ["LIMIT", "what keeps it from what it asked: a limit, or another vCPU"],
  ["DROPS", "packets not understood, packets and replies lost, of its VM"],
  ["P99us", "what 99 of 100 packets of its VM took at most lately, in us"],
  ["(1+2+3, 4)", "of the worst: deciding, the kernel, reply; reading back"],
];

/** The help of the live view, one string per line, for at least 80 columns. */
export function helpLines(style: Style): string[] {
  return [
    style.bold("Keys"),
    ...KEYS.map(entry),
    "",
    style.bold("Columns"),
    ...COLUMNS.map(entry),
    "",
    style.dim("Any key goes back"),
  ];
}

function entry([name, what]: readonly [string, string]): string {
  return `  ${name.padEnd(17)} ${what}`;
}

import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatKhz } from "../../src/base/format-khz.ts";
import { drawTable } from "../../src/terminal/table.ts";
import { formatDuration, formatRange, formatTime, jsonText, printable } from "../../src/terminal/text.ts";
import { wrapLine } from "../../src/terminal/wrap.ts";

test("printable() escapes control sequences, and leaves other text unchanged", () => {
  expect(printable("web.1 é 日本 🙂")).toBe("web.1 é 日本 🙂");
  expect(printable("a\x1b[31m\n\0\x7f\u009b2J\u202e\u2028\u200bz")).toBe(
    "a\\x1b[31m\\x0a\\x00\\x7f\\x9b2J\\u{202e}\\u{2028}\\u{200b}z",
  );
  expect(printable("\ud800")).toBe("\\u{d800}");
});

/** Any text, with many characters that reorder or break a line. */
const piece = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\n", "\x1b[2J", "\x9b", "\u202e", "\u2028", "\u2029", "\u{e0001}"),
);

test("printable() and jsonText() return one line without control characters, and JSON loses nothing", () => {
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("");
      expect(printable(text)).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]*$/u);
      const json = jsonText({ [text]: text }, { pretty: false });
      expect(json).toMatch(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    }),
  );
  expect(JSON.parse(jsonText("\u{e0001}", { pretty: true }))).toBe("\u{e0001}");
});

test("formats of speeds, ranges, times and durations", () => {
  expect([2_300_000, 2_301_000, 999_999, 800_000, 1_000_000].map(formatKhz)).toEqual([
    "2.300 GHz",
    "2.301 GHz",
    "1.000 GHz",
    "0.800 GHz",
    "1.000 GHz",
  ]);
  expect([
    formatRange(800_000, 2_300_000),
    formatRange(1_200_000, 2_300_000),
    formatRange(undefined, 2_300_000),
    formatRange(1_200_000, undefined),
    formatRange(undefined, undefined),
  ]).toEqual(["0.800–2.300 GHz", "1.200–2.300 GHz", "≤ 2.300 GHz", "≥ 1.200 GHz", "-"]);
  expect(formatTime(new Date(2026, 0, 31, 8, 5, 9).getTime())).toBe("2026-01-31 08:05:09");
  expect([0, 119_000, 120_000, 7_199_000, 7_200_000, 172_800_000].map(formatDuration)).toEqual([
    "0 s",
    "119 s",
    "2 min",
    "119 min",
    "2 h",
    "2 d",
  ]);
});

test("wrapLine() breaks between words, and does not break words", () => {
  expect(wrapLine("  one two three four", 11, 4)).toBe("  one two\n    three\n    four");
  expect(wrapLine("short", 80, 2)).toBe("short");
  expect(wrapLine("averyverylongword and more", 8, 2)).toBe("averyverylongword\n  and\n  more");
  expect(wrapLine("no limit at all", Number.POSITIVE_INFINITY, 2)).toBe("no limit at all");
});

test("drawTable() shortens columns only as far as needed", () => {
  const columns = [
    { head: "A", flexible: true },
    { head: "B", flexible: true },
  ];
  const rows = [["a".repeat(20), "b".repeat(20)]];
  expect(drawTable(columns, rows, 36).split("\n")).toEqual([
    "A               B",
    `${"a".repeat(13)}…  ${"b".repeat(20)}`,
  ]);
});

test("drawTable() wraps the last column, which gives way before the others", () => {
  const columns = [
    { head: "NAME", flexible: true },
    { head: "WHY", flexible: true },
  ];
  const rows = [
    ["a-very-long-name", "it is one of those that have a long reason"],
    ["web1", "short"],
  ];
  expect(drawTable(columns, rows, 44).split("\n")).toEqual([
    "NAME              WHY",
    "a-very-long-name  it is one of those that",
    "                  have a long reason",
    "web1              short",
  ]);
});

test("drawTable() aligns, ignores colours in widths, and shortens one column", () => {
  const columns = [
    { head: "NAME", flexible: true },
    { head: "N", align: "right" as const },
    { head: "LAST" },
  ];
  const rows = [
    ["\x1b[31mweb\x1b[0m", "1", "x"],
    ["a-very-long-name-of-a-vm", "1000", ""],
    ["日本", "20", "y"],
  ];
  expect(drawTable(columns, rows, Number.POSITIVE_INFINITY).split("\n")).toEqual([
    "NAME                         N  LAST",
    "\x1b[31mweb\x1b[0m                          1  x",
    "a-very-long-name-of-a-vm  1000",
    "日本                        20  y",
  ]);
  expect(drawTable(columns, rows, 24).split("\n")).toEqual([
    "NAME             N  LAST",
    "\x1b[31mweb\x1b[0m              1  x",
    "a-very-long…  1000",
    "日本            20  y",
  ]);
});

import { expect, test } from "bun:test";
import { openLog } from "../../src/daemon/log.ts";

test("no control character of a message reaches a line of the log", () => {
  const lines: string[] = [];
  const hostile = Array.from({ length: 0xa0 }, (_unused, code) => String.fromCharCode(code)).join("");
  openLog({ INVOCATION_ID: "x" }, "info", (line) => void lines.push(line)).info(`${hostile}\u2028`);
  expect(lines.length).toBe(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
});

import { expect, test } from "bun:test";
import { limitedLog } from "../../src/daemon/limited-log.ts";

test("limitedLog() passes a few lines per minute for each key, does not format the others, and uses the monotonic clock", () => {
  const lines: string[] = [];
  const log = { error() {}, warning: (line: string) => lines.push(line), notice() {}, info() {}, debug() {} };
  // The wall clock is set back by a day; the limiter must not wait for it.
  const now = { monoMs: 0, wallMs: 86_400_000 };
  const limited = limitedLog(log, () => now);
  let made = 0;
  const tell = (about: string) =>
    limited(about, "warning", () => {
      made++;
      return { message: about };
    });
  for (let i = 0; i < 1000; i++) tell("a");
  tell("b");
  now.wallMs = 0;
  now.monoMs = 60_000;
  tell("a");
  expect(lines).toEqual(["a", "a", "a", "a", "a", "b", "a (995 more such lines left out)"]);
  expect(made).toBe(7);
});

import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Redial } from "../../src/channels/redial.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Connects to a file whose connection is lost each time; returns after how many ms each attempt was made. */
function dialAndLose(withinMs: number): { readonly redial: Redial; readonly at: number[] } {
  const at: number[] = [];
  let nowMs = 0;
  const redial: Redial = new Redial(() => {
    at.push(nowMs);
    if (redial.mayDial("file")) redial.lost();
  });
  redial.mayDial("file");
  redial.lost();
  while (nowMs < withinMs) {
    nowMs++;
    jest.advanceTimersByTime(1);
  }
  return { redial, at };
}

test("Redial waits twice as long each time, and gives up after eight tries", () => {
  expect(dialAndLose(10_000).at).toEqual([10, 30, 70, 150, 310, 630, 1270, 2270]);
});

test("Redial lets a scan connect to the same file only after the wait, and to another file at once", () => {
  const { redial } = dialAndLose(10_000);
  expect(redial.mayDial("file")).toBe(true);
  redial.lost();
  expect(redial.mayDial("file")).toBe(false);
  jest.advanceTimersByTime(999);
  expect(redial.mayDial("file")).toBe(false);
  expect(redial.mayDial("other")).toBe(true);
  redial.stop();
});

test.each([
  [999, 20],
  [1000, 10],
])("Redial waits after a connection that held for %i ms for %i ms", (heldMs, waitMs) => {
  let dials = 0;
  const redial = new Redial(() => dials++);
  redial.mayDial("file");
  redial.lost();
  jest.advanceTimersByTime(10);
  redial.mayDial("file");
  redial.connected();
  jest.advanceTimersByTime(heldMs);
  redial.lost();
  jest.advanceTimersByTime(waitMs - 1);
  expect(dials).toBe(1);
  jest.advanceTimersByTime(1);
  expect(dials).toBe(2);
});

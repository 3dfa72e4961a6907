import { afterEach, expect, setSystemTime, test } from "bun:test";
import { turnClock } from "../../src/daemon/turn-clock.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  setSystemTime();
});

test("turnClock() returns one time throughout a turn, which a jump of the wall clock does not change", async () => {
  const time = turnClock();
  const first = time();
  setSystemTime(first.wallMs + 86_400_000);
  expect(time()).toEqual(first);
  await nextTurn();
  const later = time();
  expect(later.wallMs).toBe(first.wallMs + 86_400_000);
  expect(later.monoMs - first.monoMs).toBeWithin(0, 10_000);
  setSystemTime(first.wallMs - 86_400_000);
  await nextTurn();
  expect(time().wallMs).toBe(first.wallMs - 86_400_000);
  expect(time().monoMs - later.monoMs).toBeWithin(0, 10_000);
});

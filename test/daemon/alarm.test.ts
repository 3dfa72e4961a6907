import { expect, test } from "bun:test";
import { Alarm } from "../../src/daemon/alarm.ts";
import { realTime } from "./time.ts";

test("an Alarm calls each entry once at its time, whatever was replaced or cancelled", async () => {
  const { time, alarm } = realTime();
  const rung: string[] = [];
  const { monoMs } = time();
  const { promise, resolve } = Promise.withResolvers<void>();
  alarm.at("late", monoMs + 60, () => {
    rung.push("late");
    resolve();
  });
  alarm.at("early", monoMs + 5, () => rung.push("early"));
  alarm.at("moved", monoMs + 5, () => rung.push("too early"));
  alarm.at("moved", monoMs + 30, ({ monoMs: at }) =>
    rung.push(at >= monoMs + 30 ? "moved" : "before its time"),
  );
  alarm.at("cancelled", monoMs + 10, () => rung.push("cancelled"));
  alarm.cancel("cancelled");
  await promise;
  expect([rung, alarm.has("early"), alarm.has("late")]).toEqual([["early", "moved", "late"], false, false]);
});

test("an Alarm also calls entries that were added while it runs", async () => {
  const { alarm } = realTime();
  const { promise, resolve } = Promise.withResolvers<void>();
  alarm.after("first", 1, () => alarm.after("second", 1, () => resolve()));
  await promise;
  alarm.after("never", 0, () => expect.unreachable());
  alarm.close();
});

test("an Alarm works for times beyond the longest timer of the runtime", async () => {
  let wakes = 0;
  const { time } = realTime();
  const alarm = new Alarm(() => {
    wakes++;
    return time();
  });
  alarm.at("in a month", time().monoMs + 30 * 24 * 60 * 60_000, () => expect.unreachable());
  const armed = wakes;
  await Bun.sleep(50);
  expect(wakes - armed).toBe(0);
  alarm.close();
});

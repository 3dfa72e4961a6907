import { expect, test } from "bun:test";
import { quickHost } from "./quick-backend.ts";

test("one look compares 64 held clocks at most, and the next one goes on with the others", () => {
  const ids = Array.from({ length: 100 }, (_, id) => id);
  using host = quickHost(Object.fromEntries(ids.map((id) => [id, [`s${id}`]])));
  const cpufreq = host.open();
  for (const clock of ids) cpufreq.apply({ clock, setting: 1 });
  const look = () => {
    for (const id of ids) (host.of[`s${id}`] ?? {})["speed"] = "1000000";
    cpufreq.refresh();
    return host.drifts.splice(0).map(({ clock }) => clock);
  };
  expect([look(), look()]).toEqual([ids.slice(0, 64), [...ids.slice(64), ...ids.slice(0, 28)]]);
});

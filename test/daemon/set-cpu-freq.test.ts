import { afterEach, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "./host.ts";

let host: TestHost;
afterEach(() => host?.remove());

test("set-cpu-freq reports a rounded speed, and a hold that the order ended", async () => {
  host = makeTestHost();
  await host.start();
  const set = (...args: string[]) => {
    const { results } = host.ask("set-cpu-freq", "2", ...args) as { results: object[] };
    return results;
  };
  const done = { pcpu: 2, ok: true };
  expect(set("2.1GHz")).toEqual([{ ...done, setting: "2300000", khz: 2_300_000, askedKhz: 2_100_000 }]);
  expect(set("2GHz", "--hold")).toEqual([{ ...done, setting: "2000000", khz: 2_000_000 }]);
  expect(set("1.7GHz", "--hold")).toEqual([{ ...done, setting: "1700000", khz: 1_700_000 }]);
  expect(set("min")).toEqual([{ ...done, setting: "1200000", khz: 1_200_000, endedHold: true }]);
  expect(set("max")).toEqual([{ ...done, setting: "2301000", khz: 2_301_000 }]);
});

test("set-cpu-freq repeats a speed that a CPU does not have, and tells those it has", async () => {
  host = makeTestHost();
  await host.start();
  const refused = (speed: string) => host.run("vmpowerctl", "set-cpu-freq", "2", speed);
  const tells = (speed: string) => `CPU 2: ${speed} is outside its speeds, 1.200 GHz to 2.301 GHz\n`;
  expect(refused("23GHz")).toMatchObject({ code: 1, out: "", err: tells("23.000 GHz") });
  // The unit is missing.
  expect(refused("2300")).toMatchObject({ code: 1, out: "", err: tells("2300 kHz") });
});

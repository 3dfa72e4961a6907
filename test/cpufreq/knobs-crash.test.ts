import { expect, test } from "bun:test";
import type { Setting } from "../../src/base/clock.ts";
import type { Knobs } from "../../src/base/knobs.ts";
import type { Cpufreq } from "../../src/cpufreq/cpufreq.ts";
import { restoreJournal, restoreWith } from "../../src/cpufreq/linux/open.ts";
import { activeDisk, EPP, GROUPS, LATENCY, read } from "./knob-host.ts";
import { type TestHost, testHost } from "./test-host.ts";

class Crash extends Error {}

/** Changes of speeds and knobs in every order, on every clock. */
async function live(cpufreq: Cpufreq): Promise<void> {
  const day: (Setting | Knobs)[] = [
    { epp: "power", resumeLatencyUs: 0 },
    2,
    { epp: "balance_power", governors: ["performance", "schedutil"] },
    "baseline",
    { resumeLatencyUs: 50 },
    1,
    {},
    { epp: "power" },
    "baseline",
  ];
  for (const step of day)
    for (const clock of [0, 1, 2]) {
      if (typeof step === "object" && !("khz" in step)) await cpufreq.hold(clock, step);
      else cpufreq.apply({ clock, setting: step });
    }
  cpufreq.close();
}

/** Lives until the process dies before a change of a file. Returns whether it did. */
async function dies(host: TestHost, changes: number): Promise<boolean> {
  let left = changes;
  const disk = activeDisk(host, () => {
    if (left-- === 0) throw new Crash();
    return undefined;
  });
  try {
    await live(host.open({}, disk));
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

test("after a kill before any change of a file, speeds and knobs are restored to the byte", async () => {
  let points = 0;
  for (; ; points++) {
    using host = testHost(GROUPS);
    const before = host.snapshot();
    if (!(await dies(host, points))) {
      expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
      break;
    }
    const report = restoreWith(activeDisk(host), host);
    expect(report.failed).toEqual([]);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  }
  expect(points).toBeGreaterThan(80);
}, 30_000);

test("a daemon that takes over restores the knobs of the one before, if it has others", async () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const first = host.open();
  await first.hold(2, { epp: "power", resumeLatencyUs: 9 });
  first.apply({ clock: 2, setting: 1 });
  await first.hold(0, { resumeLatencyUs: 9 });
  first.leave();
  const second = host.open({ adopt: true });
  await second.hold(2, { epp: "balance_power" });
  expect(second.apply({ clock: 2, setting: 1 })).toBeUndefined();
  expect([read(host, 2, EPP), read(host, 3, LATENCY)]).toEqual(["balance_power", "0"]);
  second.apply({ clock: 0, setting: "baseline" });
  expect(read(host, 0, LATENCY)).toBe("0");
  expect(second.close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("an entry of the journal names no other files", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const entry = (originals: Record<string, string>) => ({
    version: 1,
    policy: "cpufreq/policy0",
    pcpus: [0],
    driver: "intel_pstate",
    kept: false,
    originals,
  });
  for (const originals of [
    { "cpu0/power/../../x": "0\n" },
    { "cpu0/power/autosuspend_delay_ms": "0\n" },
    { [`cpu0/${LATENCY}`]: "-1\n" },
    { [`../cpu0/${LATENCY}`]: "0\n" },
  ]) {
    host.put("../journal/policy0.json", JSON.stringify(entry(originals)));
    restoreJournal(host);
    expect(host.snapshot()).toEqual(before);
  }
});

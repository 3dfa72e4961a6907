import { expect, test } from "bun:test";
import type { Clock } from "../../src/base/clock.ts";
import { CpuReport } from "../../src/daemon/host/cpu-report.ts";

const KHZ = [2_301_000, 2_300_000, 1_200_000];

function clock(
  pcpus: readonly number[],
  change: { baselineKhz?: number; khz?: readonly number[] } = {},
): Clock {
  const { baselineKhz = 2_301_000, khz = KHZ } = change;
  return {
    id: pcpus[0] ?? 0,
    pcpus,
    driver: "acpi-cpufreq",
    table: { speeds: khz.map((each) => ({ khz: each, peerKhz: each })), turbo: undefined },
    baselineKhz,
    anySpeed: false,
    priority: new Set(),
  };
}

test("CpuReport reports everything once, and then only changes", () => {
  const report = new CpuReport();
  const offline = [{ pcpu: 4, reason: "offline" }];
  const all = [clock([0]), clock([1]), clock([2, 3])];
  expect(report.changes(all, offline)).toEqual([
    { level: "info", text: "CPUs 0-3 are scaled by acpi-cpufreq" },
    { level: "notice", text: "CPUs 4 are left alone: offline" },
  ]);
  expect(report.changes(all, offline)).toEqual([]);
  // New objects with the same state are not reported again.
  expect(report.changes([clock([0]), clock([1]), clock([2, 3])], offline)).toEqual([]);
  const limited = { baselineKhz: 2_000_000 };
  const changed = [clock([0], limited), clock([1], limited), clock([2, 3])];
  expect(report.changes(changed, offline)).toEqual([
    {
      level: "notice",
      text: "CPUs 0-1 were set by another program: they run at up to 2.000 GHz while no guest asks, before 2.301 GHz",
    },
  ]);
  expect(report.changes(changed, offline)).toEqual([]);
  const noTurbo = clock([2, 3], { khz: KHZ.slice(1), baselineKhz: 2_300_000 });
  expect(report.changes([clock([0], limited), noTurbo], [{ pcpu: 1, reason: "offline" }])).toEqual([
    { level: "notice", text: "CPUs 2-3 have other speeds: 2, from 1.200 GHz to 2.300 GHz" },
    { level: "notice", text: "CPUs 1 are left alone: offline" },
    { level: "notice", text: "CPUs 4 are gone" },
  ]);
});

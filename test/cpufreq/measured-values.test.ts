import { expect, test } from "bun:test";
import { ACPI_KHZ, testHost, watchedDisk } from "./test-host.ts";

test("acpi-cpufreq writes the values measured with DPDK's host", () => {
  using host = testHost([{ cpus: [0], driver: "acpi-cpufreq", khz: ACPI_KHZ }]);
  const written: string[] = [];
  const disk = watchedDisk(host.root, ({ file, text }) => {
    if (file === "policy0/scaling_setspeed") written.push(text);
    return undefined;
  });
  const cpufreq = host.open({}, disk);
  // Start, down, down, up, min, min, down, enable turbo, disable turbo, max, up with turbo off, medium.
  for (const setting of [0, 1, 2, 1, 5, 5, 5, 0, 1, 1, 1, 3]) cpufreq.apply({ clock: 0, setting });
  const expected = "2301000 2300000 2000000 2300000 1200000 2301000 2300000 1700000";
  expect(written).toEqual(expected.split(" "));
  cpufreq.close();
});

test("intel_pstate writes the values of DPDK's test plan, and the lower limit is never above the higher one", () => {
  using host = testHost([{ cpus: [0], driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 }]);
  const written: string[] = [];
  const disk = watchedDisk(host.root, ({ kind, file, text }) => {
    if (kind === "write") written.push(`${file.replace("policy0/scaling_", "")} ${text}`);
    return undefined;
  });
  const cpufreq = host.open({}, disk);
  // Min; max with turbo enabled; turbo disabled; enabled again, which changes nothing; up; down.
  for (const setting of [16, 0, 1, 1, 0, 1]) cpufreq.apply({ clock: 0, setting });
  expect(written).toEqual([
    "governor performance",
    ...["min_freq 800000", "max_freq 800000"],
    ...["max_freq 3500000", "min_freq 3500000"],
    ...["min_freq 2300000", "max_freq 2300000"],
    ...["max_freq 3500000", "min_freq 3500000"],
    ...["min_freq 2300000", "max_freq 2300000"],
  ]);
  cpufreq.close();
});

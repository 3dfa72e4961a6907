import { expect, test } from "bun:test";
import { ACPI_KHZ, testHost } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;

test("inspect() compares what should hold with what the files say, and changes nothing", () => {
  using host = testHost([
    { cpus: [0, 1], ...acpi, shared: true },
    { cpus: [2], ...intel },
  ]);
  const cpufreq = host.open({ onDrift: "yield" });
  const wrong = (clock: number, setting: number | "baseline") =>
    cpufreq.inspect({ clock, setting }).filter(({ ok }) => !ok);
  expect(cpufreq.inspect({ clock: 0, setting: "baseline" })).toEqual([]);
  expect(cpufreq.inspect({ clock: 9, setting: 1 })).toEqual([]);
  for (const clock of [0, 2]) cpufreq.apply({ clock, setting: 1 });
  expect([wrong(0, 1), wrong(2, 1)]).toEqual([[], []]);
  host.tree.write(0, "scaling_setspeed", "1200000");
  host.tree.write(0, "scaling_max_freq", "2000000");
  host.tree.write(2, "scaling_governor", "powersave");
  const before = host.snapshot();
  const changed = { ok: false, isLimit: false, isOwed: false };
  const limit = { ok: false, isLimit: true, isOwed: false };
  const pcpus = [0, 1];
  expect(wrong(0, 1)).toEqual([
    { pcpus, file: "cpu0/cpufreq/scaling_setspeed", ours: "2300000", found: "1200000", ...changed },
    { pcpus, file: "cpu0/cpufreq/scaling_max_freq", ours: "at least 2300000", found: "2000000", ...limit },
  ]);
  expect(wrong(2, 1)).toEqual([
    {
      pcpus: [2],
      file: "cpu2/cpufreq/scaling_governor",
      ours: "performance",
      found: "powersave",
      ...changed,
    },
  ]);
  // With "yield" the daemon leaves the file, but it still differs from the request.
  cpufreq.refresh();
  expect(wrong(2, 1)).toHaveLength(1);
  expect(host.snapshot()).toEqual(before);
  cpufreq.close();
});

import { expect, test } from "bun:test";
import { join } from "node:path";
import { choose, chooseNamed } from "../../src/energy/choose.ts";
import { findSensors } from "../../src/energy/hwmon.ts";
import type { Meter } from "../../src/energy/meter.ts";
import { findZones } from "../../src/energy/powercap.ts";
import { MeterTree, zone } from "./tree.ts";

const ids = (meters: readonly Meter[]) => meters.map(({ id }) => id);

/** Two sockets with memory, the same packages by memory-mapped registers, and the whole platform. */
function twoSockets(tree: MeterTree): void {
  tree.write({
    "powercap/intel-rapl/enabled": 1,
    ...zone("intel-rapl:0", "package-0", 1),
    ...zone("intel-rapl:0/intel-rapl:0:0", "core", 1),
    ...zone("intel-rapl:0/intel-rapl:0:1", "dram", 1),
    ...zone("intel-rapl:1", "package-1", 1),
    ...zone("intel-rapl:1/intel-rapl:1:0", "dram", 1),
    ...zone("intel-rapl:2", "psys", 1),
    ...zone("intel-rapl-mmio:0", "package-0", 1),
    // The class directory of a real kernel lists inner zones beside the outer ones.
    ...zone("intel-rapl:0:0", "core", 1),
  });
}

test("findZones() finds packages, their parts and memory, and the platform", () => {
  using tree = new MeterTree();
  twoSockets(tree);
  const zones = findZones(tree.powercap);
  expect(zones.map(({ id, scope }) => `${id} ${scope}`)).toEqual([
    "package-0 package",
    "package-0/core part",
    "package-0/dram memory",
    "package-1 package",
    "package-1/dram memory",
    "psys machine",
    "package-0 package",
  ]);
  expect(zones[0]).toEqual({
    id: "package-0",
    measures: "package-0",
    scope: "package",
    quantity: "energy",
    file: join(tree.powercap, "intel-rapl:0/energy_uj"),
    rangeUj: 262_143_328_850,
  });
});

test("choose() counts no joule twice: a package contains its cores, psys all, and MSR and MMIO are one", () => {
  using tree = new MeterTree();
  twoSockets(tree);
  const chosen = choose(findZones(tree.powercap));
  expect(ids(chosen)).toEqual(["package-0", "package-0/dram", "package-1", "package-1/dram"]);
  expect(chosen[0]?.file).toContain("intel-rapl:0/");
});

test("choose() takes one meter of the machine where no package has one, else parts", () => {
  using tree = new MeterTree();
  tree.write({
    ...zone("intel-rapl:0", "psys", 1),
    ...zone("intel-rapl:1", "core", 1),
    "hwmon/hwmon0/name": "power_meter",
    "hwmon/hwmon0/power1_average": 5,
  });
  const all = [...findZones(tree.powercap), ...findSensors(tree.hwmon)];
  expect(ids(choose(all))).toEqual(["psys"]);
  expect(ids(choose(all.filter(({ scope }) => scope === "part")))).toEqual(["core"]);
});

test("findSensors() finds the ACPI power meter below device/, whatever its number", () => {
  using tree = new MeterTree();
  tree.write({
    "hwmon/hwmon7/device/name": "power_meter",
    "hwmon/hwmon7/device/power1_average": 45_000_000,
    "hwmon/hwmon7/device/power1_average_interval": 1000,
  });
  expect(findSensors(tree.hwmon)).toEqual([
    {
      id: "power_meter/power1",
      measures: "power_meter/power1",
      scope: "machine",
      quantity: "power",
      file: join(tree.hwmon, "hwmon7/device/power1_average"),
      rangeUj: undefined,
    },
  ]);
});

test("findSensors() takes amd_energy's sockets for packages, and an average before a sample", () => {
  using tree = new MeterTree();
  tree.write({
    "hwmon/hwmon0/name": "amd_energy",
    "hwmon/hwmon0/energy1_input": 1,
    "hwmon/hwmon0/energy1_label": "Ecore000",
    "hwmon/hwmon0/energy2_input": 1,
    "hwmon/hwmon0/energy2_label": "Esocket0",
    "hwmon/hwmon1/name": "fam15h_power",
    "hwmon/hwmon1/power1_average": 1,
    "hwmon/hwmon1/power1_input": 1,
    "hwmon/hwmon2/name": "nvme",
    "hwmon/hwmon2/power1_input": 1,
  });
  const sensors = findSensors(tree.hwmon);
  expect(sensors.map(({ id, scope, measures, quantity }) => [id, scope, measures, quantity])).toEqual([
    ["amd_energy/Ecore000", "part", "amd_energy/Ecore000", "energy"],
    ["amd_energy/Esocket0", "package", "package-0", "energy"],
    ["fam15h_power/power1", "package", "package-0", "power"],
    ["nvme/power1", "other", "nvme/power1", "power"],
  ]);
  // A disk is no part of what CPUs use, and a socket is counted once, whoever measures it.
  expect(ids(choose(sensors))).toEqual(["amd_energy/Esocket0"]);
});

test("chooseNamed() takes what an operator named, without what another one contains", () => {
  using tree = new MeterTree();
  twoSockets(tree);
  const zones = findZones(tree.powercap);
  expect(ids(chooseNamed(zones, ["psys"]))).toEqual(["psys"]);
  expect(ids(chooseNamed(zones, ["package-0/core", "package-0", "nothing"]))).toEqual(["package-0"]);
  expect(ids(chooseNamed(zones, ["package-0", "psys", "package-0/dram"]))).toEqual(["psys"]);
});

test("directories that are not there have no meters", () => {
  expect([...findZones("/nowhere"), ...findSensors("/nowhere")]).toEqual([]);
});

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { loadConfig } from "../../src/config/load.ts";
import type { Schedule } from "../../src/config/schedule/schedules.ts";
import { ConfigDirectory } from "./harness.ts";

/** The schedules of a configuration without problems. */
function schedules(text: string): readonly Schedule[] {
  using at = new ConfigDirectory();
  writeFileSync(at.path, text);
  const loaded = loadConfig(at.path);
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.schedules.map((schedule) => ({
    ...schedule,
    place: { ...schedule.place, file: "" },
  }));
}

function said(text: string): string[] {
  using at = new ConfigDirectory();
  return at.load({ "vm-power.conf": text }).said;
}

const ALWAYS = Array.from({ length: 24 }, (_, hour) => hour);

test("[schedule NAME] says for whom, when and what; what is not said holds always", () => {
  const text = `[schedule office]
Vms=web* db1, x
Days=mon-Wed,Sun
Hours=08-10,22
TimeZone=Europe/Berlin
Want=60%
[schedule idle]
Cpus=2-3,8
Want=1.8GHz
`;
  expect(schedules(text)).toEqual([
    {
      name: "office",
      vms: ["web*", "db1", "x"],
      cpus: [],
      days: ["Mon", "Tue", "Wed", "Sun"],
      hours: [8, 9, 10, 22],
      timeZone: "Europe/Berlin",
      want: { percent: 60 },
      text: { days: "mon-Wed,Sun", hours: "08-10,22", want: "60%" },
      place: { file: "", line: 1 },
    },
    {
      name: "idle",
      vms: [],
      cpus: [2, 3, 8],
      days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
      hours: ALWAYS,
      timeZone: undefined,
      want: 1_800_000,
      text: { days: "Mon-Sun", hours: "00-23", want: "1.8GHz" },
      place: { file: "", line: 7 },
    },
  ]);
});

test("ranges of hours and days include both ends, and go over midnight and over the week", () => {
  const read = (key: string, value: string) =>
    schedules(`[schedule a]\nVms=a\nWant=min\n${key}=${value}\n`)[0];
  expect(["22-05", "0-23", "5", "23,0", "7-7"].map((hours) => read("Hours", hours)?.hours)).toEqual([
    [0, 1, 2, 3, 4, 5, 22, 23],
    ALWAYS,
    [5],
    [0, 23],
    [7],
  ]);
  expect(read("Days", "Fri-Mon")?.days).toEqual(["Mon", "Fri", "Sat", "Sun"]);
});

test("a wrong schedule is an error with its line and a remedy", () => {
  const text = `[schedule a b]
[schedule one]
Vms=a
Days=Mon-Funday
Hours=8-24
TimeZone=Europe/Berln
Want=fast
[schedule two]
Want=min
Hour=8
[schedule three]
Vms=a
Cpus=x
[schedule four]
Vms=a
Cpus=1
Want=1800
[schedule five]
Vms=a/b
Want=none
TimeZone=+02:00
[schedule]
TimeZone=Mars
Want=max
[schedules]
`;
  expect(said(text)).toEqual([
    'vm-power.conf:1: [schedule a b] is not the name of a schedule: up to 64 letters, digits, "_", "." and "-"',
    'vm-power.conf:4: Days="Mon-Funday" is not days of the week like Mon-Fri,Sun',
    'vm-power.conf:5: Hours="8-24" is not hours from 0 to 23 like 08-18,22; 08-18 ends at 18:59',
    'vm-power.conf:6: TimeZone="Europe/Berln" is not a time zone like Europe/Berlin or UTC (did you mean Europe/Berlin?)',
    'vm-power.conf:7: Want="fast" is not max, min, a speed up to 100000000 kHz like 1.8GHz, or a part like 60%',
    'vm-power.conf:10: Unknown key "Hour" in [schedule two] (did you mean "Hours"?)',
    'vm-power.conf:13: Cpus="x" is not a list of CPUs below 8192 like 0-3,8',
    'vm-power.conf:19: Vms="a/b" is not 1 to 64 names of VMs or patterns like web*, separated by spaces',
    'vm-power.conf:20: Want="none" is not max, min, a speed up to 100000000 kHz like 1.8GHz, or a part like 60%',
    'vm-power.conf:21: TimeZone="+02:00" is not a time zone like Europe/Berlin or UTC',
    'vm-power.conf:23: TimeZone="Mars" is not a time zone like Europe/Berlin or UTC',
    'vm-power.conf:24: Unknown key "Want" in [schedule] (it belongs in [schedule NAME])',
    "vm-power.conf:25: Unknown section [schedules] (did you mean [schedule]?)",
    "vm-power.conf:2: [schedule one] has no Want (say Want=max, min, 1.8GHz or 60%)",
    "vm-power.conf:8: [schedule two] is for nobody (say Vms=web* or Cpus=2-5)",
    "vm-power.conf:11: [schedule three] has no Want (say Want=max, min, 1.8GHz or 60%)",
    "vm-power.conf:16: [schedule four] has both Vms and Cpus (Vms stands in vm-power.conf:15; make two schedules)",
    "vm-power.conf:17: warning: Want of [schedule four] is 1800 kHz, slower than any CPU (speeds are in kHz, like 2300000)",
    "vm-power.conf:18: [schedule five] has no Want (say Want=max, min, 1.8GHz or 60%)",
    "vm-power.conf:18: [schedule five] is for nobody (say Vms=web* or Cpus=2-5)",
  ]);
});

test("a drop-in replaces single keys of a schedule, and there are at most 64", () => {
  using at = new ConfigDirectory();
  const loaded = at.load({
    "vm-power.conf": "[schedule a]\nVms=a\nWant=min\n",
    "vm-power.conf.d/b.conf": "[schedule a]\nVms=\nCpus=3\n",
  });
  expect(loaded.said).toEqual([]);
  const many = Array.from({ length: 65 }, (_, i) => `[schedule s${i}]\nVms=a\nWant=min\n`).join("");
  expect(said(many)).toEqual(["vm-power.conf:193: There are 65 schedules, more than 64 (join some of them)"]);
});

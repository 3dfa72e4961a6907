import type { Pcpu } from "../../base/domain.ts";
import { matches } from "../../base/name-pattern.ts";
import type { WantedSpeed } from "../../base/wanted-speed.ts";
import type { Weekday } from "../../base/weekday.ts";
import { type Place, type Problem, problem, warning } from "../problem.ts";
import { type Gathered, type Settings, valuesOf } from "../settings.ts";
import { SCHEDULE_KEYS } from "./schedule-keys.ts";

/** The most `[schedule NAME]` sections: each is compared with each VM, and with the time. */
const SCHEDULES_MAX = 64;

/** A `[schedule NAME]`: the speed that VMs or CPUs have at certain hours while nobody asks for another. */
export interface Schedule {
  readonly name: string;
  /** Names and patterns of VMs; empty if it is for CPUs. */
  readonly vms: readonly string[];
  /** Empty if it is for VMs. */
  readonly cpus: readonly Pcpu[];
  readonly days: readonly Weekday[];
  readonly hours: readonly number[];
  /** Undefined for the zone of `[schedule]`, and if that has none, of the host. */
  readonly timeZone: string | undefined;
  readonly want: WantedSpeed;
  /** Days, hours and speed as they were written. */
  readonly text: { readonly days: string; readonly hours: string; readonly want: string };
  readonly place: Place;
}

/** The schedules that a configuration defines completely. */
export function schedulesOf({ schedules, heads }: Gathered): readonly Schedule[] {
  return [...schedules].slice(0, SCHEDULES_MAX).flatMap(([name, settings]): Schedule[] => {
    const { vms = [], cpus = [], want, ...rest } = valuesOf(SCHEDULE_KEYS, settings);
    const isForOne = (vms.length === 0) !== (cpus.length === 0);
    if (want === undefined || !isForOne) return [];
    const written = (key: "Days" | "Hours" | "Want") =>
      settings.get(key)?.text ?? SCHEDULE_KEYS[key].default ?? "";
    const text = { days: written("Days"), hours: written("Hours"), want: written("Want") };
    return [{ name, vms, cpus, want, ...rest, text, place: placeOf(`schedule ${name}`, heads) }];
  });
}

/** Whether a schedule is for a VM of this name. */
export function isForVm({ vms }: Schedule, vm: string): boolean {
  return vms.some((pattern) => matches(pattern, vm));
}

/** Finds schedules that can never hold, and sections that say too little or too much. */
export function checkSchedules({ schedules, heads }: Gathered): Problem[] {
  const problems = [...schedules].flatMap(([name, settings]) =>
    checkSchedule(placeOf(`schedule ${name}`, heads), name, settings),
  );
  const last = [...schedules.keys()].at(-1);
  if (schedules.size <= SCHEDULES_MAX || last === undefined) return problems;
  const place = placeOf(`schedule ${last}`, heads);
  return [
    ...problems,
    problem(place, `There are ${schedules.size} schedules, more than ${SCHEDULES_MAX}`, "join some of them"),
  ];
}

function checkSchedule(place: Place, name: string, settings: Settings): Problem[] {
  const [vms, cpus, want] = ["Vms", "Cpus", "Want"].map((key) => settings.get(key));
  const has = (setting: typeof vms) => setting?.value !== undefined;
  const section = `[schedule ${name}]`;
  const problems: Problem[] = [];
  if (!has(want)) problems.push(problem(place, `${section} has no Want`, "say Want=max, min, 1.8GHz or 60%"));
  if (!has(vms) && !has(cpus))
    problems.push(problem(place, `${section} is for nobody`, "say Vms=web* or Cpus=2-5"));
  if (vms !== undefined && cpus !== undefined && has(vms) && has(cpus)) {
    const where = `${vms.place.file}:${vms.place.line}`;
    const message = `${section} has both Vms and Cpus`;
    problems.push(problem(cpus.place, message, `Vms stands in ${where}; make two schedules`));
  }
  const khz = want?.value;
  if (want !== undefined && typeof khz === "number" && khz < KHZ_PLAUSIBLE) {
    const message = `Want of ${section} is ${khz} kHz, slower than any CPU`;
    problems.push(warning(want.place, message, "speeds are in kHz, like 2300000"));
  }
  return problems;
}

/** A lower speed is probably one in MHz. */
const KHZ_PLAUSIBLE = 10_000;

function placeOf(section: string, heads: ReadonlyMap<string, Place>): Place {
  return heads.get(section) ?? { file: "", line: 0 };
}

import type { SpeedBound } from "../../base/speed-bound.ts";
import { type Place, type Problem, problem, quote, warning } from "../problem.ts";
import type { Gathered, Settings } from "../settings.ts";
import { CLASSES_MAX, PATTERNS_MAX, STATES_MAX } from "./rules.ts";
import { literalCount, overlap } from "./vm-pattern.ts";

/** A lower speed is an error: the operator probably wrote MHz. */
const KHZ_PLAUSIBLE = 10_000;

/** Finds contradictions between and within the sections about VMs. */
export function checkRules(gathered: Gathered): Problem[] {
  const { vms, patterns, classes, states } = gathered;
  const tooMany = [
    ...tooManyOf(patterns, PATTERNS_MAX, "patterns"),
    ...tooManyOf(classes, CLASSES_MAX, "classes"),
    ...tooManyOf(states, STATES_MAX, "states"),
    ...[...(states.get("none") ?? [])].slice(0, 1).map(([, { place }]) => noneIsNoState(place)),
  ];
  return [
    ...tooMany,
    ...[...vms].flatMap(([name, settings]) => checkSpeeds(`VM ${quote(name)}`, settings)),
    ...[...patterns].flatMap(([name, settings]) => checkSpeeds(`[vm ${quote(name).slice(1, -1)}]`, settings)),
    ...[...classes].flatMap(([name, settings]) => checkSpeeds(`[class ${name}]`, settings)),
    ...[...states].flatMap(([name, settings]) => checkSpeeds(`[state ${name}]`, settings)),
    ...[...vms.values(), ...patterns.values()].flatMap((settings) => checkClass(settings, classes)),
    // Comparing each pattern with each other takes time that grows with the square of their number.
    ...(tooMany.length > 0 ? [] : checkTies(patterns)),
  ];
}

function noneIsNoState(place: Place): Problem {
  return problem(place, "No state can be called none: that word takes VMs out of their state", "rename it");
}

function tooManyOf(sections: ReadonlyMap<string, Settings>, max: number, what: string): Problem[] {
  const last = [...sections.values()].flatMap((settings) => [...settings.values()]).at(-1);
  if (sections.size <= max || last === undefined) return [];
  return [problem(last.place, `There are ${sections.size} ${what} of VMs, more than ${max}`)];
}

function checkClass(settings: Settings, classes: ReadonlyMap<string, Settings>): Problem[] {
  const named = settings.get("Class");
  if (named?.value === undefined || classes.has(`${named.value}`)) return [];
  const known = [...classes.keys()].map((name) => `[class ${name}]`).join(", ");
  const message = `Class=${named.value}: there is no section [class ${named.value}]`;
  return [problem(named.place, message, known === "" ? "no class is defined" : `known are ${known}`)];
}

/** Two patterns of one rank that can match one name must not both set a key. */
function checkTies(patterns: ReadonlyMap<string, Settings>): Problem[] {
  const problems: Problem[] = [];
  const byRank = Map.groupBy(patterns, ([pattern]) => literalCount(pattern));
  // `[vm *]` has the lowest rank of all, also below other patterns without a literal character.
  for (const same of byRank.values())
    same.forEach(([pattern, settings], index) => {
      for (const [other, others] of same.slice(index + 1)) {
        if (pattern === "*" || other === "*" || !overlap(pattern, other)) continue;
        problems.push(...ties([pattern, settings], [other, others]));
      }
    });
  return problems;
}

function ties([a, first]: [string, Settings], [b, second]: [string, Settings]): Problem[] {
  return [...second].flatMap(([key, { value, place }]) => {
    const other = first.get(key);
    if (value === undefined || other?.value === undefined) return [];
    const message = `${key} in [vm ${b}] and in [vm ${a}] can be for one VM, and both have as many literal characters`;
    const where = `${other.place.file}:${other.place.line}`;
    return [problem(place, message, `the other stands in ${where}; make one of them longer`)];
  });
}

/** Finds bounds that contradict each other, or are no speeds of a CPU. */
export function checkSpeeds(whose: string, settings: Settings): Problem[] {
  const min = settings.get("MinKhz");
  const max = settings.get("MaxKhz");
  const problems: Problem[] = [];
  for (const [key, setting] of [["MinKhz", min] as const, ["MaxKhz", max] as const]) {
    if (typeof setting?.value === "number" && setting.value < KHZ_PLAUSIBLE) {
      const message = `${key} of ${whose} is ${setting.value} kHz, slower than any CPU`;
      problems.push(warning(setting.place, message, "speeds are in kHz, like 2300000"));
    }
  }
  if (min === undefined || max === undefined || !isAbove(min.value, max.value)) return problems;
  const message = `MinKhz=${min.text} of ${whose} is above its MaxKhz=${max.text}`;
  return [...problems, problem(max.place, message, `MinKhz stands in ${min.place.file}:${min.place.line}`)];
}

/** Whether one bound is above another on every clock. A speed and a percentage cannot be compared here. */
function isAbove(min: unknown, max: unknown): boolean {
  const [low, high] = [min, max] as [SpeedBound | undefined, SpeedBound | undefined];
  if (typeof low === "number" && typeof high === "number") return low > high;
  if (typeof low === "object" && typeof high === "object") return low.percent > high.percent;
  return false;
}

import { isPattern } from "../base/name-pattern.ts";
import { vmNameFault } from "../base/vm-name.ts";
import { APP_KEYS } from "./app-keys.ts";
import type { Ini, Section } from "./ini.ts";
import type { Key, KeysOf, ValuesOf } from "./key.ts";
import { CLASS_KEYS, KEYS, PATTERN_KEYS, VM_KEYS } from "./keys.ts";
import { type Place, type Problem, problem, quote } from "./problem.ts";
import { SCHEDULE_KEYS } from "./schedule/schedule-keys.ts";
import { nearest } from "./suggest.ts";
import { sectionName } from "./values.ts";

/** A value from a file, with its place. */
export interface Setting {
  readonly value: unknown;
  /** As it was written, without quotes and comments. */
  readonly text: string;
  readonly place: Place;
}

/** The values of one section, by key. A value of a later file replaces that of an earlier one. */
export type Settings = Map<string, Setting>;

/** The values by section. */
export interface Gathered {
  readonly sections: Map<string, Settings>;
  /** `[vm NAME]`, by name. */
  readonly vms: Map<string, Settings>;
  /** `[vm PATTERN]`, by pattern. */
  readonly patterns: Map<string, Settings>;
  /** `[class NAME]`, by name. */
  readonly classes: Map<string, Settings>;
  /** `[state NAME]`, by name. */
  readonly states: Map<string, Settings>;
  /** `[schedule NAME]`, by name. */
  readonly schedules: Map<string, Settings>;
  /** `[app NAME]`, by name. */
  readonly apps: Map<string, Settings>;
  /** Where each section begins first. */
  readonly heads: Map<string, Place>;
}

/** No values, to be filled by {@link gather}. */
export function emptyGathered(): Gathered {
  return {
    sections: new Map(),
    vms: new Map(),
    patterns: new Map(),
    classes: new Map(),
    states: new Map(),
    schedules: new Map(),
    apps: new Map(),
    heads: new Map(),
  };
}

const VM_PREFIX = "vm ";

/** The sections with a name of letters, digits, "_", "." and "-" behind their first word. */
const NAMED_SECTIONS = [
  { word: "class", keys: CLASS_KEYS, of: ({ classes }: Gathered) => classes },
  { word: "state", keys: CLASS_KEYS, of: ({ states }: Gathered) => states },
  { word: "schedule", keys: SCHEDULE_KEYS, of: ({ schedules }: Gathered) => schedules },
  { word: "app", keys: APP_KEYS, of: ({ apps }: Gathered) => apps },
] as const;

const SECTIONS: Readonly<Record<string, KeysOf>> = KEYS;

/** Checks the sections and keys of one file, and adds the valid ones to the values of earlier files. */
export function gather(ini: Ini, file: string, into: Gathered): Problem[] {
  const problems: Problem[] = [];
  for (const entry of ini.loose) {
    const home = homeOf(entry.key);
    const suggestion = home === undefined ? undefined : `it belongs in [${home}]`;
    problems.push(
      problem({ file, line: entry.line }, `Key ${quote(entry.key)} stands before any [section]`, suggestion),
    );
  }
  for (const section of ini.sections) {
    const found = findSection(section, into);
    if ("message" in found) {
      problems.push(problem({ file, line: section.line }, found.message, found.suggestion));
      continue;
    }
    if (!into.heads.has(section.name)) into.heads.set(section.name, { file, line: section.line });
    for (const entry of section.entries) {
      const place = { file, line: entry.line };
      const key = Object.hasOwn(found.keys, entry.key) ? found.keys[entry.key] : undefined;
      if (key === undefined) {
        const message = `Unknown key ${quote(entry.key)} in [${shownName(section.name)}]`;
        problems.push(problem(place, message, suggestKey(entry.key, found.keys)));
        continue;
      }
      const judged = judgeValue(key, entry.key, entry.value);
      if ("value" in judged) found.settings.set(entry.key, { value: judged.value, text: entry.value, place });
      else problems.push(problem(place, judged.message, judged.suggestion));
    }
  }
  return problems;
}

/** Returns the values of a section, with defaults for keys that no file sets. */
export function valuesOf<Keys extends KeysOf>(
  keys: Keys,
  settings: ReadonlyMap<string, { readonly value: unknown }> | undefined,
): ValuesOf<Keys> {
  const values: Record<string, unknown> = {};
  for (const { name, property, unset } of propertiesOf(keys))
    values[property] = settings?.get(name)?.value ?? unset;
  // Each value was made by the parser of its key.
  return values as ValuesOf<Keys>;
}

/** A value of a section: its key, its name in our code, and what it is where no file sets it. */
interface Property {
  readonly name: string;
  readonly property: string;
  readonly unset: unknown;
}

/** Made once of each table of keys: a host has thousands of VMs. */
const PROPERTIES = new WeakMap<KeysOf, readonly Property[]>();

function propertiesOf(keys: KeysOf): readonly Property[] {
  const known = PROPERTIES.get(keys);
  if (known !== undefined) return known;
  const properties = Object.entries(keys).map(([name, key]) => ({
    name,
    property: name.charAt(0).toLowerCase() + name.slice(1),
    unset: defaultOf(key),
  }));
  PROPERTIES.set(keys, properties);
  return properties;
}

function defaultOf(key: Key<unknown>): unknown {
  if (key.default === undefined) return undefined;
  const parsed = key.parse(key.default);
  if (!("value" in parsed)) throw new Error(`The default ${quote(key.default)} is not ${parsed.expected}`);
  return parsed.value;
}

/** Why a value is wrong. */
interface Wrong {
  readonly message: string;
  readonly suggestion: string | undefined;
}

function findSection({ name }: Section, into: Gathered): { keys: KeysOf; settings: Settings } | Wrong {
  if (Object.hasOwn(SECTIONS, name)) {
    return { keys: SECTIONS[name] as KeysOf, settings: settingsOf(into.sections, name) };
  }
  const named = NAMED_SECTIONS.find(({ word }) => name.startsWith(`${word} `));
  if (named !== undefined) {
    const judged = sectionName(name.slice(named.word.length + 1), named.word);
    if ("value" in judged) return { keys: named.keys, settings: settingsOf(named.of(into), judged.value) };
    return { message: `[${shownName(name)}] is not ${judged.expected}`, suggestion: judged.suggestion };
  }
  if (!name.startsWith(VM_PREFIX)) {
    return { message: `Unknown section [${shownName(name)}]`, suggestion: suggestSection(name) };
  }
  const vm = name.slice(VM_PREFIX.length);
  const fault = vmNameFault(vm);
  if (fault !== undefined)
    return {
      message: `No VM can be called ${quote(vm)}: ${fault}`,
      suggestion: "write the name that the hypervisor shows",
    };
  if (isPattern(vm)) return { keys: PATTERN_KEYS, settings: settingsOf(into.patterns, vm) };
  return { keys: VM_KEYS, settings: settingsOf(into.vms, vm) };
}

function settingsOf(map: Map<string, Settings>, name: string): Settings {
  const settings = map.get(name) ?? new Map<string, Setting>();
  map.set(name, settings);
  return settings;
}

/** Parses the text of a key's value, or says why it is none. */
export function judgeValue(
  key: Key<unknown>,
  name: string,
  text: string,
): { readonly value: unknown } | Wrong {
  if (text === "") {
    // A drop-in can unset a value of an earlier file, if the key may be unset.
    if (key.default === undefined) return { value: undefined };
    return { message: `${name} has no value`, suggestion: `the default is ${name}=${key.default}` };
  }
  const parsed = key.parse(text);
  if ("value" in parsed) return parsed;
  const message = `${name}=${quote(text)} is not ${parsed.expected}`;
  // A value still has its quotes if something follows them.
  if (/^(["']).*\1$/.test(text)) return { message, suggestion: "no comment may follow a value in quotes" };
  return { message, suggestion: parsed.suggestion };
}

function suggestSection(name: string): string | undefined {
  const vm = /^vms?[\s:."']+([^"']+)["']?$/i.exec(name);
  if (vm !== null) return `did you mean [vm ${shownName(vm[1] ?? "")}]?`;
  if (/^class$/i.test(name)) return "the section of a class is called [class NAME]";
  if (/^apps?$/i.test(name)) return "the section of an application is called [app NAME]";
  if (/^vms?$/i.test(name)) return "a VM's section is called [vm NAME]";
  const near = nearest(name, Object.keys(SECTIONS));
  return near === undefined
    ? `known are ${Object.keys(SECTIONS).join(", ")}, vm NAME, class NAME, state NAME, schedule NAME, app NAME`
    : `did you mean [${near}]?`;
}

function suggestKey(name: string, keys: KeysOf): string | undefined {
  const home = homeOf(name);
  if (home !== undefined) return `it belongs in [${home}]`;
  const near = nearest(name, Object.keys(keys));
  return near === undefined ? `known are ${Object.keys(keys).join(", ")}` : `did you mean "${near}"?`;
}

/** The section that has a key of exactly this name. */
function homeOf(name: string): string | undefined {
  if (Object.hasOwn(VM_KEYS, name)) return "vm NAME";
  const fixed = Object.keys(SECTIONS).find((section) => Object.hasOwn(SECTIONS[section] ?? {}, name));
  if (fixed !== undefined) return fixed;
  if (Object.hasOwn(SCHEDULE_KEYS, name)) return "schedule NAME";
  return Object.hasOwn(APP_KEYS, name) ? "app NAME" : undefined;
}

function shownName(name: string): string {
  return quote(name).slice(1, -1);
}

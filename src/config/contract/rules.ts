import { matches } from "../../base/name-pattern.ts";
import type { Place } from "../problem.ts";
import type { Settings } from "../settings.ts";
import { EVERY_VM, literalCount } from "./vm-pattern.ts";

/** The most `[vm PATTERN]` sections, of which each may be compared with each VM and with each other. */
export const PATTERNS_MAX = 128;

/** The most `[class NAME]` sections. */
export const CLASSES_MAX = 128;

/** The most `[state NAME]` sections. */
export const STATES_MAX = 64;

/** What the configuration files say about VMs, by section. */
export interface Rules {
  /** `[vm NAME]`, by name. */
  readonly exact: ReadonlyMap<string, Settings>;
  /** `[vm PATTERN]` without `[vm *]`, those with most literal characters first. */
  readonly patterns: readonly { readonly pattern: string; readonly settings: Settings }[];
  /** `[vm *]`. */
  readonly everybody: Settings;
  /** `[class NAME]`, by name. */
  readonly classes: ReadonlyMap<string, Settings>;
  /** `[state NAME]`, by name. */
  readonly states: ReadonlyMap<string, Settings>;
}

/** Where a value of a contract comes from. */
type ValueOrigin =
  | ({ readonly kind: "section"; readonly section: string } & Place)
  | {
      readonly kind: "operator";
      readonly who: string | undefined;
      readonly atMs: number | undefined;
      /** When it ends by itself, on the wall clock. */
      readonly untilMs: number | undefined;
      readonly reason: string | undefined;
    }
  | ({
      readonly kind: "state";
      readonly section: string;
      readonly who: string;
      readonly atMs: number;
      readonly reason: string | undefined;
    } & Place)
  | { readonly kind: "metadata" }
  | { readonly kind: "built-in" };

/** The value of a key, the text that it was written as, and its origin. */
export interface ContractValue {
  readonly value: unknown;
  readonly text: string;
  readonly origin: ValueOrigin;
}

/** What one source says about a VM, by key. */
export type Layer = ReadonlyMap<string, ContractValue>;

/** What is said about a VM outside the configuration files. */
export interface OwnWords {
  /** What operators set at run time. */
  readonly operator?: Layer | undefined;
  /** The state that operators put it into. */
  readonly state?: Layer | undefined;
  /** What the hypervisor's definition of the VM says. */
  readonly metadata?: Layer | undefined;
}

/** What holds for a VM. */
export interface Resolved {
  /** The keys that any source sets. For all others the built-in values hold. */
  readonly values: Layer;
  /** Named classes that do not exist. They are ignored, as if they had not been named. */
  readonly unknownClasses: readonly ContractValue[];
}

/** Sorts the `[vm PATTERN]` sections as {@link resolve} needs them. */
export function rulesOf({
  named,
  patterns,
  classes,
  states,
}: Readonly<Record<"named" | "patterns" | "classes" | "states", ReadonlyMap<string, Settings>>>): Rules {
  const ranked = [...patterns]
    .filter(([pattern]) => pattern !== EVERY_VM)
    .map(([pattern, settings]) => ({ pattern, settings, literals: literalCount(pattern) }))
    .sort((a, b) => b.literals - a.literals)
    .map(({ pattern, settings }) => ({ pattern, settings }));
  return { exact: named, patterns: ranked, everybody: patterns.get(EVERY_VM) ?? new Map(), classes, states };
}

/**
 * Decides key by key which source counts: an operator, the state that the VM is in, its own section, its metadata, its
 * class, the pattern with most literal characters, `[vm *]`. The class is decided in the same order first.
 */
export function resolve(vm: string, rules: Rules, { operator, state, metadata }: OwnWords): Resolved {
  const own = [operator, state, sectionLayer(`vm ${vm}`, rules.exact.get(vm)), metadata];
  const general = rules.patterns
    .filter(({ pattern }) => matches(pattern, vm))
    .map(({ pattern, settings }) => sectionLayer(`vm ${pattern}`, settings));
  const everybody = sectionLayer(`vm ${EVERY_VM}`, rules.everybody);
  const unknownClasses: ContractValue[] = [];
  const withoutClass = [...own, ...general, everybody];
  let joined: ContractValue | undefined;
  for (const layer of withoutClass) {
    const named = layer?.get("Class");
    if (named?.value === undefined) continue;
    if (rules.classes.has(`${named.value}`)) {
      joined = named;
      break;
    }
    unknownClasses.push(named);
  }
  const ofClass = joined && sectionLayer(`class ${joined.value}`, rules.classes.get(`${joined.value}`));
  const values = new Map<string, ContractValue>();
  for (const layer of [...own, ofClass, ...general, everybody])
    for (const [key, value] of layer ?? []) if (!values.has(key)) values.set(key, value);
  if (joined === undefined) values.delete("Class");
  else values.set("Class", joined);
  return { values, unknownClasses };
}

function sectionLayer(section: string, settings: Settings | undefined): Layer {
  const layer = new Map<string, ContractValue>();
  // An empty value in a later file takes back what an earlier one said.
  for (const [key, { value, text, place }] of settings ?? [])
    if (value !== undefined) layer.set(key, { value, text, origin: { kind: "section", section, ...place } });
  return layer;
}

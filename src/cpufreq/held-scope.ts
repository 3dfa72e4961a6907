import type { WriteRefused } from "../base/clock.ts";
import { type Knobs, NO_KNOBS, sameKnobs } from "../base/knobs.ts";
import { failure, type Result, success } from "../base/result.ts";
import { type JournalMeans, saveEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Extras, OpenScope, Scope, SettingRefused, Values } from "./port.ts";

/** One scope of a clock, with its saved settings and its open files. */
export interface HeldScope {
  readonly found: Scope;
  /** Defined while the saved settings are in the journal. */
  originals: Values | undefined;
  open: OpenScope | undefined;
  /** Settings of knobs, as we wrote them. */
  extras: Values;
  /** What these contained after our last write: the kernel may round. */
  seen: Values;
  /** Whether the saved settings may have some of knobs. */
  hadExtras: boolean;
}

/** Makes a scope that was not changed, or one with settings that an earlier daemon saved. */
export function heldScope(found: Scope, originals: Values | undefined): HeldScope {
  return { found, originals, open: undefined, extras: {}, seen: {}, hadExtras: originals !== undefined };
}

const NO_EXTRAS: Result<Extras, WriteRefused> = success({ values: {}, restored: {}, missing: [] });

/** What is needed to save the settings of scopes. */
export interface ScopeMeans {
  readonly journal: JournalMeans;
  /** The scaling driver, which gives the settings their meaning. */
  readonly driver: string;
}

/** The settings of knobs in one scope, and what of them is not offered. Those that will be changed are saved first. */
export function extrasOf(
  scope: HeldScope,
  { knobs, at }: { readonly knobs: Knobs; readonly at: "speed" | "baseline" },
  means: ScopeMeans,
): Result<Extras, WriteRefused> {
  // Most clocks have no knobs, and a guest waits for the first speed.
  if (!scope.hadExtras && sameKnobs(knobs, NO_KNOBS)) return NO_EXTRAS;
  const { found } = scope;
  const unsaved = scope.originals === undefined ? saveScope(scope, means, { kept: false }) : undefined;
  if (unsaved !== undefined) return failure(unsaved);
  const extras = found.extras(knobs, at, scope.originals ?? {});
  if (!extras.ok) return failure({ reason: `${found.label}: ${extras.why}` });
  const names = Object.keys(extras.value.values).filter((name) => scope.originals?.[name] === undefined);
  const refused = names.length === 0 ? undefined : saveMore(scope, means, names);
  return refused === undefined ? success(extras.value) : failure(refused);
}

function saveMore(scope: HeldScope, means: ScopeMeans, names: readonly string[]): WriteRefused | undefined {
  const { found } = scope;
  const more = found.readMore(names);
  if (!more.ok) return { reason: `${found.label}: ${more.why}` };
  const lost = names.find((name) => more.value[name] === undefined);
  if (lost !== undefined)
    return { reason: `${found.label}/${lost}: no valid content that could be restored` };
  const originals = { ...scope.originals, ...more.value };
  const reason = saveEntry(means.journal, entryOf(found, originals, { ...means, kept: false }));
  if (reason !== undefined) return { reason };
  scope.originals = originals;
  scope.hadExtras = true;
  return undefined;
}

/** Saves the settings of a scope in the journal, before the first of them is changed. */
export function saveScope(
  scope: HeldScope,
  means: ScopeMeans,
  { kept }: { readonly kept: boolean },
): WriteRefused | undefined {
  const { found } = scope;
  let { originals } = scope;
  if (originals === undefined) {
    const read = found.read();
    if (!read.ok) return { reason: `${found.label}: ${read.why}` };
    originals = read.value;
  }
  const missing = found.needed.find((name) => originals[name] === undefined);
  if (missing !== undefined)
    return { reason: `${found.label}/${missing}: no valid content that could be restored` };
  const reason = saveEntry(means.journal, entryOf(found, originals, { ...means, kept }));
  if (reason !== undefined) return { reason };
  scope.originals = originals;
  return undefined;
}

/** The journal's entry for a scope. */
export function entryOf(
  { name, pcpus }: Scope,
  originals: Values,
  { driver, kept }: { readonly driver: string; readonly kept: boolean },
): JournalEntry {
  return { scope: name, pcpus, driver, kept, originals };
}

/** Notes the settings of knobs that were written, and what they contain now. */
export function remember(scope: HeldScope, values: Values): void {
  scope.extras = values;
  scope.seen = Object.fromEntries(Object.keys(values).map((name) => [name, scope.found.peek(name)]));
}

/** Closes the files of a scope without a change. */
export function closeScope(scope: HeldScope): void {
  scope.open?.close();
  scope.open = undefined;
}

/** A setting that was refused, for an operator. */
export function writeRefused({ found }: HeldScope, { name, errno }: SettingRefused): WriteRefused {
  return { reason: name === "" ? `${found.label}: ${errno}` : `${found.label}/${name}: ${errno}` };
}

import type { Clock, Setting, SpeedSetting, WriteRefused } from "../base/clock.ts";
import { type Knobs, NO_KNOBS, sameKnobs } from "../base/knobs.ts";
import { failure, type Result, success } from "../base/result.ts";
import {
  closeScope,
  entryOf,
  extrasOf,
  type HeldScope,
  remember,
  type ScopeMeans,
  saveScope,
  writeRefused,
} from "./held-scope.ts";
import { dropEntry, type JournalMeans } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Extras, OpenScope } from "./port.ts";
import { doNow, type Work } from "./work.ts";

/** A clock with its setting and its scopes. */
export class HeldClock {
  readonly clock: Clock;
  readonly scopes: readonly HeldScope[];
  /** The setting that the back end accepted last; undefined if unknown. */
  held: Setting | undefined = "baseline";
  /** The originals could not be put back; it must be tried again. */
  owesBaseline: boolean;
  /** What is held beside the setting, and why some of it cannot be. */
  knobs: Knobs = NO_KNOBS;
  missing: readonly string[] = [];
  readonly #means: ScopeMeans;

  constructor(
    clock: Clock,
    scopes: readonly HeldScope[],
    { journal, owesBaseline }: { readonly journal: JournalMeans; readonly owesBaseline: boolean },
  ) {
    this.clock = clock;
    this.scopes = scopes;
    this.owesBaseline = owesBaseline;
    this.#means = { journal, driver: clock.driver };
    // Settings that an earlier daemon kept on purpose (`OnExit`) are not the baseline.
    if (this.touched) this.held = undefined;
  }

  /** Whether any of its settings differs from the original, or may differ. */
  get touched(): boolean {
    return this.scopes.some((scope) => scope.originals !== undefined);
  }

  /** Writes a setting with a back end that answers at once. After a refusal nothing has changed. */
  apply(setting: Setting): WriteRefused | undefined {
    const { held } = this;
    if (setting === held) return undefined;
    const isPrepared = typeof held === "number" && typeof setting === "number" && this.#has(setting);
    if (!isPrepared) return doNow(this.change(setting));
    // Most packets take this way, from one speed to another; it allocates nothing.
    for (const scope of this.scopes) {
      const refused = (scope.open as OpenScope).set(setting);
      if (refused === undefined) continue;
      if (refused instanceof Promise) throw new Error("Expected a back end that answers at once");
      doNow(this.#return(held));
      return writeRefused(scope, refused);
    }
    this.held = setting;
    return undefined;
  }

  /** Writes a setting. After a refusal nothing has changed. */
  *change(setting: Setting): Work<WriteRefused | undefined> {
    const before = this.held;
    if (setting === before) return undefined;
    if (setting === "baseline") return yield* this.putBack();
    if (!this.#has(setting))
      return { reason: `clock ${this.clock.id} has no speed ${JSON.stringify(setting)}` };
    const refused = yield* this.#write(setting);
    if (refused !== undefined) {
      yield* this.#return(before);
      return refused;
    }
    this.held = setting;
    this.owesBaseline = false;
    return undefined;
  }

  /** Holds knobs beside the setting. After a refusal nothing has changed. */
  *hold(knobs: Knobs): Work<WriteRefused | undefined> {
    const { knobs: before, held } = this;
    if (sameKnobs(before, knobs)) return undefined;
    this.knobs = knobs;
    const refused = yield* this.#turnKnobs();
    if (refused === undefined) return undefined;
    this.knobs = before;
    yield* this.#return(held);
    return refused;
  }

  *#turnKnobs(): Work<WriteRefused | undefined> {
    this.missing = [];
    // An unknown setting will be written anew, and its knobs with it.
    if (this.held === undefined) return undefined;
    if (this.held === "baseline") return yield* this.putBack();
    for (const scope of this.scopes) {
      const refused = yield* this.#prepare(scope, scope.open as OpenScope);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  #has(speed: SpeedSetting): boolean {
    const { table, anySpeed } = this.clock;
    return typeof speed === "number" ? table.speeds[speed] !== undefined : anySpeed;
  }

  *#write(speed: SpeedSetting): Work<WriteRefused | undefined> {
    for (const scope of this.scopes) {
      const isPrepared = scope.open !== undefined && this.held !== undefined;
      const taken = scope.open === undefined ? this.#take(scope) : success(scope.open);
      if (!taken.ok) return taken.why;
      const open = taken.value;
      const unprepared = isPrepared ? undefined : yield* this.#prepare(scope, open);
      if (unprepared !== undefined) return unprepared;
      const refused = yield open.set(speed);
      if (refused !== undefined) return writeRefused(scope, refused);
    }
    return undefined;
  }

  /** Saves the settings of a scope and opens it. */
  #take(scope: HeldScope): Result<OpenScope, WriteRefused> {
    const refused = saveScope(scope, this.#means, { kept: false });
    if (refused !== undefined) return failure(refused);
    const opened = scope.found.open();
    if (!opened.ok) return failure(writeRefused(scope, opened.why));
    scope.open = opened.value;
    return opened;
  }

  /** Prepares a scope for speeds, and writes the settings of its knobs. */
  *#prepare(scope: HeldScope, open: OpenScope): Work<WriteRefused | undefined> {
    const extras = this.#extras(scope, "speed");
    if (!extras.ok) return extras.why;
    const { values, restored } = extras.value;
    const written = { ...restored, ...values };
    const unprepared = yield open.prepare(values);
    const refused =
      unprepared ?? (Object.keys(written).length === 0 ? undefined : yield scope.found.write(written));
    if (refused !== undefined) return writeRefused(scope, refused);
    remember(scope, values);
    return undefined;
  }

  /**
   * Writes the setting from before a refusal. If that is refused too, the setting is unknown and the entry stays in the
   * journal.
   */
  *#return(before: Setting | undefined): Work<void> {
    this.held = undefined;
    if (before === undefined || before === "baseline") yield* this.putBack();
    else if ((yield* this.#write(before)) === undefined) this.held = before;
  }

  /** Restores the original settings and closes the scopes. An entry that could not be restored stays in the journal. */
  *putBack(): Work<WriteRefused | undefined> {
    let refused: WriteRefused | undefined;
    for (const scope of this.scopes) refused = (yield* this.#putScopeBack(scope)) ?? refused;
    this.held = refused === undefined ? "baseline" : undefined;
    this.owesBaseline = refused !== undefined;
    return refused;
  }

  *#putScopeBack(scope: HeldScope): Work<WriteRefused | undefined> {
    const extras = this.#extras(scope, "baseline");
    if (!extras.ok) return extras.why;
    const { values } = extras.value;
    if (scope.originals === undefined) return undefined;
    const refused = yield scope.found.write({ ...scope.originals, ...values });
    if (refused !== undefined) return writeRefused(scope, refused);
    remember(scope, values);
    if (Object.keys(values).length > 0) {
      closeScope(scope);
      return undefined;
    }
    scope.hadExtras = false;
    const reason = dropEntry(this.#means.journal, scope.found.name);
    if (reason !== undefined) return { reason };
    scope.originals = undefined;
    closeScope(scope);
    return undefined;
  }

  /** Restores all original settings, those of knobs too. */
  *end(): Work<WriteRefused | undefined> {
    this.knobs = NO_KNOBS;
    return yield* this.putBack();
  }

  #extras(scope: HeldScope, at: "speed" | "baseline"): Result<Extras, WriteRefused> {
    const extras = extrasOf(scope, { knobs: this.knobs, at }, this.#means);
    if (extras.ok) this.missing = [...new Set([...this.missing, ...extras.value.missing])];
    return extras;
  }

  /** Marks the settings as kept on purpose after the daemon's end. */
  keep(): WriteRefused | undefined {
    let refused: WriteRefused | undefined;
    for (const scope of this.scopes) {
      if (scope.originals !== undefined) refused = saveScope(scope, this.#means, { kept: true }) ?? refused;
    }
    return refused;
  }

  /** The journal's entries for the clock: everything that must be put back. */
  entries(): JournalEntry[] {
    return this.scopes.flatMap(({ found, originals }) => {
      return originals === undefined ? [] : [entryOf(found, originals, { ...this.#means, kept: false })];
    });
  }

  /** Whether its scopes still exist as they were found. */
  isThere(): boolean {
    return this.scopes.every(({ found }) => found.isThere());
  }

  /** Closes the scopes without a change. */
  close(): void {
    for (const scope of this.scopes) closeScope(scope);
  }
}

import type { Clock, Setting, SpeedSetting, WriteRefused } from "../base/clock.ts";
import { failure, type Result, success } from "../base/result.ts";
import { dropEntry, type JournalMeans, saveEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { OpenScope, Scope, SettingRefused, Values } from "./port.ts";
import { doNow, type Work } from "./work.ts";

/** One scope of a clock, with its saved settings and its open files. */
export interface HeldScope {
  readonly found: Scope;
  /** Defined while the saved settings are in the journal. */
  originals: Values | undefined;
  open: OpenScope | undefined;
}

/** A clock with its setting and its scopes. */
export class HeldClock {
  readonly clock: Clock;
  readonly scopes: readonly HeldScope[];
  /** The setting that the back end accepted last; undefined if unknown. */
  held: Setting | undefined = "baseline";
  /** The originals could not be put back; it must be tried again. */
  owesBaseline = false;
  readonly #journal: JournalMeans;

  constructor(clock: Clock, scopes: readonly HeldScope[], journal: JournalMeans) {
    this.clock = clock;
    this.scopes = scopes;
    this.#journal = journal;
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
    this.owesBaseline = false;
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

  #has(speed: SpeedSetting): boolean {
    const { table, anySpeed } = this.clock;
    return typeof speed === "number" ? table.speeds[speed] !== undefined : anySpeed;
  }

  *#write(speed: SpeedSetting): Work<WriteRefused | undefined> {
    for (const scope of this.scopes) {
      const taken = scope.open === undefined ? yield* this.#take(scope) : success(scope.open);
      if (!taken.ok) return taken.why;
      const open = taken.value;
      const unprepared = this.held === undefined ? yield open.prepare() : undefined;
      const refused = unprepared ?? (yield open.set(speed));
      if (refused !== undefined) return writeRefused(scope, refused);
    }
    return undefined;
  }

  /** Saves the settings of a scope and prepares it for speeds. */
  *#take(scope: HeldScope): Work<Result<OpenScope, WriteRefused>> {
    const refused = this.#save(scope, { kept: false });
    if (refused !== undefined) return failure(refused);
    const opened = scope.found.open();
    if (!opened.ok) return failure(writeRefused(scope, opened.why));
    scope.open = opened.value;
    const unprepared = yield opened.value.prepare();
    return unprepared === undefined ? opened : failure(writeRefused(scope, unprepared));
  }

  #save(scope: HeldScope, { kept }: { kept: boolean }): WriteRefused | undefined {
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
    const reason = saveEntry(this.#journal, this.#entry(found, originals, { kept }));
    if (reason !== undefined) return { reason };
    scope.originals = originals;
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
    if (scope.originals === undefined) return undefined;
    const refused = yield scope.found.write(scope.originals);
    if (refused !== undefined) return writeRefused(scope, refused);
    const reason = dropEntry(this.#journal, scope.found.name);
    if (reason !== undefined) return { reason };
    scope.originals = undefined;
    closeScope(scope);
    return undefined;
  }

  /** Marks the settings as kept on purpose after the daemon's end. */
  keep(): WriteRefused | undefined {
    let refused: WriteRefused | undefined;
    for (const scope of this.scopes) {
      if (scope.originals !== undefined) refused = this.#save(scope, { kept: true }) ?? refused;
    }
    return refused;
  }

  /** The journal's entries for the clock: everything that must be put back. */
  entries(): JournalEntry[] {
    return this.scopes.flatMap(({ found, originals }) => {
      return originals === undefined ? [] : [this.#entry(found, originals, { kept: false })];
    });
  }

  #entry({ name, pcpus }: Scope, originals: Values, { kept }: { kept: boolean }): JournalEntry {
    return { scope: name, pcpus, driver: this.clock.driver, kept, originals };
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

function closeScope(scope: HeldScope): void {
  scope.open?.close();
  scope.open = undefined;
}

function writeRefused({ found }: HeldScope, { name, errno }: SettingRefused): WriteRefused {
  return { reason: name === "" ? `${found.label}: ${errno}` : `${found.label}/${name}: ${errno}` };
}

import type { Parser } from "./values.ts";

/** One key of the configuration. */
export interface Key<T> {
  readonly parse: Parser<T>;
  /** The default as an operator would write it; undefined if there is none. */
  readonly default: string | undefined;
  /** One line of explanation for the operator. */
  readonly doc: string;
}

/** The keys of one section, by name. */
export type KeysOf = Readonly<Record<string, Key<unknown>>>;

/** The values of a section's keys: `ControlSocket` becomes `controlSocket`. */
export type ValuesOf<Keys extends KeysOf> = {
  readonly [Name in keyof Keys & string as Uncapitalize<Name>]: Keys[Name] extends Key<infer T> ? T : never;
};

/** A key with a default. */
export function key<T>(parse: Parser<T>, defaultText: string, doc: string): Key<T> {
  return { parse, default: defaultText, doc };
}

/** A key without a default. */
export function optional<T>(parse: Parser<T>, doc: string): Key<T | undefined> {
  return { parse, default: undefined, doc };
}

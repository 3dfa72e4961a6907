import { expect, test } from "bun:test";
import { controlTypes } from "../../packaging/interface/control-types.ts";
import { parseIdl } from "../../src/admin/idl-parser.ts";
import { typescriptOf } from "../../src/admin/typescript.ts";

const CHECKED_IN = `${import.meta.dir}/../../src/admin/control-types.ts`;

test("src/admin/control-types.ts is up to date with make types", async () => {
  expect(await Bun.file(CHECKED_IN).text()).toBe(controlTypes());
});

test("typescriptOf() writes every construct", () => {
  const text = `
interface org.example.things

# One word.
type Word (one, two)
# Many
# things.
type Thing (
  flag: bool,
  count: int,
  part: float,
  name: ?string,
  words: []Word,
  choices: [](a, b),
  byName: [string]Thing,
  long: (aaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccccccccccccccccc, ddddddddddddddddddd)
)
method Get(number: int) -> (schemaVersion: int, thing: Thing)
method Same(number: int) -> (schemaVersion: int)
method Other() -> (inner: (any: object))
# Needs "more": many of them.
method Watch() -> (thing: Thing)
error Wrong (why: string)
`;
  const names = { parameters: { Get: "Choice" }, replies: { Get: "Got" } };
  expect(typescriptOf(parseIdl(text), names)).toBe(`/** One word. */
export type Word = "one" | "two";

/**
 * Many
 * things.
 */
export interface Thing {
  readonly flag: boolean;
  readonly count: number;
  readonly part: number;
  readonly name?: string | undefined;
  readonly words: readonly Word[];
  readonly choices: readonly ("a" | "b")[];
  readonly byName: Readonly<Record<string, Thing>>;
  readonly long:
    | "aaaaaaaaaaaaaaaaaaaaa"
    | "bbbbbbbbbbbbbbbbbbbbbbbbb"
    | "ccccccccccccccccccccccccc"
    | "ddddddddddddddddddd";
}

/** What \`Get\` takes. */
export interface Choice {
  readonly number: number;
}

/** What \`Get\` answers. */
export interface Got {
  readonly thing: Thing;
}

/** No members. */
export type Nothing = Readonly<Record<never, never>>;

/** What each method that answers once takes and answers. */
export interface Calls {
  Get: { takes: Choice; answers: Got };
  Same: { takes: Choice; answers: Nothing };
  Other: { takes: Nothing; answers: { readonly inner: { readonly any: object } } };
}

/** What each error tells. */
export interface Errors {
  Wrong: { readonly why: string };
}
`);
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { conform, formatPath } from "../../src/admin/conform.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Struct, Type } from "../../src/admin/idl.ts";
import { parseIdl } from "../../src/admin/idl-parser.ts";

const { types, methods } = parseIdl(`interface a.b
type Node (next: ?Node)
type Pair (left: int, right: ?[]string)
method M(
  flag: ?bool, number: ?int, part: ?float, text: ?string, any: ?object, word: ?(red, green),
  pairs: ?[]Pair, byName: ?[string]int, node: ?Node
) -> ()
method Needs(number: int) -> ()`);

function judge(value: unknown, { method = "M", open = false } = {}): string | undefined {
  const wrong = conform(value, methods.get(method)?.parameters ?? fail(), { types, open });
  return wrong && `${formatPath(wrong.path)}: ${wrong.expected}`;
}

function fail(): never {
  throw new Error("No such method");
}

test.each([
  [{}],
  [{ flag: null, number: undefined }],
  [{ flag: false, number: -1, part: 0.5, text: "", any: { x: [] }, word: "red" }],
  [{ pairs: [{ left: 1 }, { left: 2, right: ["a", ""] }], byName: { toString: 3, __proto__: 4 } }],
  [{ node: { next: { next: {} } } }],
])("conform() accepts %j", (value) => {
  expect(judge(value)).toBeUndefined();
});

test.each([
  [[], ": object"],
  ["x", ": object"],
  [{ flag: 0 }, "flag: bool"],
  [{ number: "1" }, "number: int"],
  [{ number: 1.5 }, "number: int"],
  [{ number: 2 ** 53 }, "number: int"],
  [{ part: Number.POSITIVE_INFINITY }, "part: float"],
  [{ text: 1 }, "text: string"],
  [{ any: [] }, "any: object"],
  [{ word: "blue" }, "word: one of red, green"],
  [{ pairs: {} }, "pairs: array"],
  [{ pairs: [{ left: 1 }, { left: 1, right: ["a", 2] }] }, "pairs[1].right[1]: string"],
  [{ pairs: [{}] }, "pairs[0].left: int"],
  [{ byName: { a: 1, b: "2" } }, "byName.b: int"],
  [{ byName: [] }, "byName: map"],
  [{ byName: 5 }, "byName: map"],
  [{ numbr: 1 }, "numbr: a known member"],
  [JSON.parse('{"__proto__": 1}'), "__proto__: a known member"],
])("conform() refuses %j", (value, wrong) => {
  expect(judge(value)).toBe(wrong);
});

test("conform() requires members that are not optional, and ignores a prototype", () => {
  expect(judge({}, { method: "Needs" })).toBe("number: int");
  expect(judge(Object.create({ number: 1 }), { method: "Needs" })).toBe("number: int");
});

test("conform() with an open schema also accepts unknown members and words, and nothing else", () => {
  expect(judge({ numbr: 1, word: "blue" }, { open: true })).toBeUndefined();
  expect(judge({ word: 1 }, { open: true })).toBe("word: one of red, green");
  expect(judge({ flag: 0 }, { open: true })).toBe("flag: bool");
});

test("conform() stops at values that are nested deeper than any message", () => {
  let node: object = {};
  for (let depth = 0; depth < 100_000; depth++) node = { next: node };
  expect(judge({ node })).toEndWith(": less nesting");
});

test("conform() goes 32 deep: through members, items, and types with a name", () => {
  const int: Type = { kind: "int" };
  const types = new Map<string, Type>([["Alias", { kind: "struct", members: new Map([["y", int]]) }]]);
  const deepest = (type: Type, leaf: unknown) => {
    const fits = (levels: number) => {
      let struct: Type = type;
      let value = leaf;
      for (let i = 0; i < levels; i++) {
        struct = { kind: "struct", members: new Map([["x", struct]]) };
        value = { x: value };
      }
      return conform(value, struct as Struct, { types, open: false });
    };
    let levels = 1;
    while (fits(levels) === undefined) levels++;
    return [levels - 1, fits(levels)?.expected];
  };
  expect([
    deepest(int, 1),
    deepest({ kind: "maybe", of: int }, 1),
    deepest({ kind: "array", of: int }, [1]),
    deepest({ kind: "map", of: int }, { a: 1 }),
    deepest({ kind: "named", name: "Alias" }, { y: 1 }),
  ]).toEqual([32, 31, 31, 31, 30].map((levels) => [levels, "less nesting"]));
});

test("conform() never throws, whatever the value", () => {
  const structs = [...CONTROL.methods.values()].flatMap(({ parameters, reply }) => [parameters, reply]);
  fc.assert(
    fc.property(fc.constantFrom(...structs), fc.jsonValue(), fc.boolean(), (struct, value, open) => {
      conform(value, struct, { types: CONTROL.types, open });
    }),
  );
});

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { METHODS } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { parseIdl } from "../../src/admin/idl-parser.ts";
import { HYPERVISOR_DRIVERS } from "../../src/base/domain.ts";

test("parseIdl() reads every construct", () => {
  const text = `
# About the interface,
# in two lines.
interface org.example.more-1.X2

# No members.
type Nothing ()
type Word (one, two)
type Thing (
  # A comment within.
  flag: bool, # and behind
  number: int,
  part: float,
  name: ?string,
  any: object,
  words: []Word,
  byName: [string]?Thing,
  inner: (a: int, b: (x, y))
)

# A comment that stands alone.

# Does it.
method Do(thing: Thing) -> (things: ?[]Thing)
method Void() -> ()
# Went wrong.
error Wrong (why: string)
`;
  const { types, typeDocs, methods, errors, ...rest } = parseIdl(text);
  const thing = { kind: "named", name: "Thing" } as const;
  expect({
    ...rest,
    types: [...types],
    typeDocs: [...typeDocs],
    methods: [...methods],
    errors: [...errors],
  }).toEqual({
    name: "org.example.more-1.X2",
    text,
    doc: "About the interface,\nin two lines.",
    types: [
      ["Nothing", { kind: "struct", members: new Map() }],
      ["Word", { kind: "choice", words: new Set(["one", "two"]) }],
      [
        "Thing",
        {
          kind: "struct",
          members: new Map<string, object>([
            ["flag", { kind: "bool" }],
            ["number", { kind: "int" }],
            ["part", { kind: "float" }],
            ["name", { kind: "maybe", of: { kind: "string" } }],
            ["any", { kind: "object" }],
            ["words", { kind: "array", of: { kind: "named", name: "Word" } }],
            ["byName", { kind: "map", of: { kind: "maybe", of: thing } }],
            [
              "inner",
              {
                kind: "struct",
                members: new Map<string, object>([
                  ["a", { kind: "int" }],
                  ["b", { kind: "choice", words: new Set(["x", "y"]) }],
                ]),
              },
            ],
          ]),
        },
      ],
    ] as never,
    typeDocs: [
      ["Nothing", "No members."],
      ["Word", ""],
      ["Thing", ""],
    ],
    methods: [
      [
        "Do",
        {
          doc: "Does it.",
          parameters: { kind: "struct", members: new Map([["thing", thing]]) },
          reply: {
            kind: "struct",
            members: new Map([["things", { kind: "maybe", of: { kind: "array", of: thing } }]]),
          },
        },
      ],
      [
        "Void",
        {
          doc: "",
          parameters: { kind: "struct", members: new Map() },
          reply: { kind: "struct", members: new Map() },
        },
      ],
    ] as never,
    errors: [
      [
        "Wrong",
        {
          doc: "Went wrong.",
          parameters: { kind: "struct", members: new Map([["why", { kind: "string" }]]) },
        },
      ],
    ] as never,
  });
});

test.each([
  ["", 'Line 1: expected "interface", found ""'],
  ["interface nodots", 'Line 1: "nodots" is no interface name'],
  ["interface a.b\ntype lower ()", 'Line 2: "lower" is no name of type'],
  ["interface a.b\ntype A (x: Missing)", 'Type "Missing" is not defined'],
  ["interface a.b\ntype A ()\nmethod A() -> ()", 'Line 3: "A" is defined twice'],
  ["interface a.b\nmethod A(x, y) -> ()", "Line 2: words where members are expected"],
  ["interface a.b\nmethod A()", 'Line 2: expected "->", found ""'],
  ["interface a.b\ntype A (x: int, y)", "Line 2: members and words in one pair of parentheses"],
  ["interface a.b\ntype A (x: int, x: int)", 'Line 2: "x" stands twice'],
  ["interface a.b\ntype A (x: ??int)", 'Line 2: "??"'],
  ["interface a.b\ntype A (x: number)", 'Line 2: "number" is no type'],
  ["interface a.b\ntype A (x: int", 'Line 2: expected ",", found ""'],
  ["interface a.b\nstruct A ()", 'Line 2: expected type, method or error, found "struct"'],
  ["interface a.b\ntype A (x: int;)", 'Line 2: unexpected ";)"'],
  [`interface a.b\ntype A (x: ${"[]".repeat(40)}int)`, "Line 2: types nested too deep"],
])("parseIdl() refuses %j", (text, message) => {
  expect(() => parseIdl(text)).toThrow(message);
});

test("io.vmpower.Control is described by its file, and METHODS knows each of its methods", () => {
  const file = readFileSync(`${import.meta.dir}/../../src/admin/io.vmpower.Control.varlink`, "utf8");
  expect(CONTROL.text).toBe(file);
  expect(CONTROL.name).toBe("io.vmpower.Control");
  expect([...CONTROL.methods.keys()].sort()).toEqual(Object.keys(METHODS).sort());
  for (const [name, { reply }] of CONTROL.methods) {
    expect([name, reply.members.get("schemaVersion")]).toEqual([name, { kind: "int" }]);
  }
});

test("the interface knows the drivers that the hypervisor has", () => {
  const hypervisor = CONTROL.types.get("Hypervisor");
  const driver = hypervisor?.kind === "struct" ? hypervisor.members.get("driver") : undefined;
  expect(driver).toEqual({ kind: "choice", words: new Set(HYPERVISOR_DRIVERS) });
});

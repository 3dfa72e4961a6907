import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ContractValue, type Layer, resolve } from "../../src/config/contract/rules.ts";
import { readConfig } from "../../src/config/load.ts";
import { ConfigDirectory } from "./harness.ts";

/** What an operator or the metadata says. */
function layer(kind: "operator" | "state" | "metadata", values: Record<string, unknown>): Layer {
  const said = { who: "alice", atMs: 1, reason: undefined };
  const origins: Record<typeof kind, ContractValue["origin"]> = {
    metadata: { kind: "metadata" },
    operator: { kind: "operator", untilMs: undefined, ...said },
    state: { kind: "state", section: "state eco", file: "f", line: 1, ...said },
  };
  const origin = origins[kind];
  return new Map(Object.entries(values).map(([key, value]) => [key, { value, text: `${value}`, origin }]));
}

const FILE = `[vm *]
MaxKhz=10%
[vm ??*]
MaxKhz=20%
[vm web-*]
MaxKhz=30%
[vm web-??]
Class=silver
[vm web-1*]
MaxKhz=50%
[class gold]
MaxKhz=60%
[class silver]
Turbo=no
[vm web-11]
Class=gold
MaxKhz=70%
[vm web-12]
Class=gold
`;

function rules(file: string) {
  using at = new ConfigDirectory();
  at.load({ "vm-power.conf": file });
  return readConfig(at.path).config.rules;
}

const TABLE: [string, string, Record<string, unknown>, Record<string, unknown>, string][] = [
  ["everybody", "x", {}, {}, "10 of [vm *]"],
  ["a pattern with no literal character", "xy", {}, {}, "20 of [vm ??*]"],
  ["the pattern with more literal characters", "web-22", {}, {}, "30 of [vm web-*]"],
  ["also if it is shorter", "web-1", {}, {}, "50 of [vm web-1*]"],
  ["a class", "web-12", {}, {}, "60 of [class gold]"],
  ["the metadata before the class", "web-12", {}, { MaxKhz: 65 }, "65 of the metadata"],
  ["the exact section before the metadata", "web-11", {}, { MaxKhz: 65 }, "70 of [vm web-11]"],
  ["an operator before all", "web-11", { MaxKhz: 80 }, { MaxKhz: 65 }, "80 of an operator"],
  [
    "a class that an operator names before that of the section",
    "web-12",
    { Class: "silver" },
    {},
    "50 of [vm web-1*]",
  ],
  ["a class that the metadata names", "x", {}, { Class: "gold" }, "60 of [class gold]"],
  ["no class that does not exist", "web-12", { Class: "tin" }, {}, "60 of [class gold]"],
];

test.each(TABLE)("resolve(): %s", (_, vm, operator, metadata, expected) => {
  const { values } = resolve(vm, rules(FILE), {
    operator: layer("operator", operator),
    metadata: layer("metadata", metadata),
  });
  const { value, origin } = values.get("MaxKhz") as ContractValue;
  const number = typeof value === "object" ? (value as { percent: number }).percent : value;
  const where = {
    section: () => `[${origin.kind === "section" ? origin.section : ""}]`,
    operator: () => "an operator",
    state: () => "a state",
    metadata: () => "the metadata",
    "built-in": () => "nobody",
  }[origin.kind]();
  expect(`${number} of ${where}`).toBe(expected);
});

test("resolve(): a state counts before the exact section, and after what an operator set", () => {
  const own = { state: layer("state", { MaxKhz: 75 }), metadata: layer("metadata", { MaxKhz: 65 }) };
  const found = (operator: Record<string, unknown>) =>
    resolve("web-11", rules(FILE), { ...own, operator: layer("operator", operator) }).values.get("MaxKhz");
  expect([found({})?.value, found({})?.origin.kind]).toEqual([75, "state"]);
  expect(found({ MaxKhz: 80 })?.value).toBe(80);
});

test("resolve() says where each value comes from, which classes are unknown, and nothing of keys that nobody sets", () => {
  using at = new ConfigDirectory();
  at.load({
    "vm-power.conf":
      "[vm *]\nTurbo=no # for all\n[class gold]\nTurbo=yes\n[vm a]\nClass=gold\nMinKhz=1.2GHz\n",
    "vm-power.conf.d/z.conf": "[vm a]\nMinKhz=\nMaxKhz=80%\n",
  });
  const { config } = readConfig(at.path);
  const metadata = layer("metadata", { Class: "tin", Query: true });
  const section = (name: string, line: number, file = "vm-power.conf") => ({
    ...{ kind: "section", section: name, file: `${at.dir}/${file}`, line },
  });
  const named = layer("operator", { Class: "lead" });
  expect(resolve("a", config.rules, { metadata, operator: named })).toEqual({
    values: new Map<string, unknown>([
      ["Class", { value: "gold", text: "gold", origin: section("vm a", 6) }],
      [
        "MaxKhz",
        { value: { percent: 80 }, text: "80%", origin: section("vm a", 3, "vm-power.conf.d/z.conf") },
      ],
      ["Query", metadata.get("Query")],
      ["Turbo", { value: true, text: "yes", origin: section("class gold", 4) }],
    ]) as never,
    unknownClasses: [named.get("Class") as ContractValue],
  });
});

/** Sources of one key in order of precedence, as the manual page has them. */
const SOURCES = ["operator", "exact", "metadata", "class", "ab*", "a*", "*"] as const;

test("resolve() is what trying the sources one after the other gives, for every key and every set of sources", () => {
  const said = fc.uniqueArray(fc.constantFrom(...SOURCES));
  const keys = fc.record({ MinDwell: said, Turbo: said, Query: said, DryRun: said });
  fc.assert(
    fc.property(keys, ({ Turbo, Query, DryRun }) => {
      const by = { Turbo, Query, DryRun };
      const lines = (source: string) =>
        Object.entries(by).flatMap(([key, all]) =>
          all.some((each) => each === source) ? [`${key}=yes`] : [],
        );
      const file = [
        ...["[vm abc]", "Class=gold", ...lines("exact"), "[class gold]", ...lines("class")],
        ...[
          "[vm a*]",
          ...lines("a*"),
          "[vm *]",
          ...lines("*"),
          "[vm ab*]",
          ...lines("ab*"),
          "[vm b*]",
          "Turbo=yes",
        ],
      ].join("\n");
      const words = (source: "operator" | "metadata") =>
        layer(source, Object.fromEntries(lines(source).map((line) => [line.split("=")[0], true])));
      const { values } = resolve("abc", rules(file), {
        operator: words("operator"),
        metadata: words("metadata"),
      });
      for (const [key, all] of Object.entries(by)) {
        const first = SOURCES.find((source) => all.some((each) => each === source));
        const origin = values.get(key)?.origin;
        const section = { exact: "vm abc", class: "class gold", "ab*": "vm ab*", "a*": "vm a*", "*": "vm *" };
        expect(origin?.kind === "section" ? origin.section : origin?.kind).toBe(
          first === undefined || first === "operator" || first === "metadata" ? first : section[first],
        );
      }
    }),
  );
});

test.each([
  ["1800000", 1_800_000],
  ["1.8GHz", 1_800_000],
  ["1800 mhz", 1_800_000],
  ["60%", { percent: 60 }],
  ["0%", { percent: 0 }],
  ["100 %", { percent: 100 }],
  ["none", "none"],
  ["101%", undefined],
  ["1.5%", undefined],
  ["-5%", undefined],
  ["0", undefined],
  ["101GHz", undefined],
  ["fast", undefined],
])("loadConfig() reads MaxKhz=%s", (text, value) => {
  using at = new ConfigDirectory();
  const { config, said } = at.load({ "vm-power.conf": `[vm a]\nMaxKhz=${text}\n` });
  expect(config?.vms.get("a")?.maxKhz).toEqual(value as never);
  expect(said.filter((line) => line.includes("is not a speed")).length).toBe(value === undefined ? 1 : 0);
});

test("loadConfig() reads lists of operations and policies, and compares bounds of one kind", () => {
  using at = new ConfigDirectory();
  const { config } = at.load({
    "vm-power.conf": "[vm a]\nOperations=min, up\nPolicies=none\n[vm b]\nMinKhz=60%\nMaxKhz=1GHz",
  });
  expect(config?.vms.get("a")).toMatchObject({ operations: ["up", "min"], policies: [] });
  expect(
    at.load({ "vm-power.conf": "[vm a*]\nMinKhz=60%\nMaxKhz=50%\nOperations=down,maxx\nPolicies=all" }).said,
  ).toEqual([
    'vm-power.conf:4: Operations="down,maxx" is not none, or some of up,down,min,max,turbo,no-turbo (did you mean "max"?)',
    'vm-power.conf:5: Policies="all" is not none, or some of time,workload,traffic',
    "vm-power.conf:3: MinKhz=60% of [vm a*] is above its MaxKhz=50% (MinKhz stands in vm-power.conf:2)",
  ]);
});

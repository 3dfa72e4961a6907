import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { REQUEST } from "../../src/admin/request.ts";
import { KEYS, VM_KEYS } from "../../src/config/keys.ts";
import { COMMANDS } from "../../src/ctl/shell/commands.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { readManual } from "./manual.ts";

const PAGE = readFileSync(join(import.meta.dir, "../../man/vm-power-dpdk.7.scd"), "utf8");

test("vm-power-dpdk(7) has every command of the original host, and names none that does not exist", () => {
  const described = readManual("vm-power-dpdk.7").get("COMMANDS") ?? [];
  const heads = described.flatMap(({ head }) => /^\*(\w+)\*/.exec(head)?.[1] ?? []);
  // The prompt itself understands "quit".
  expect(heads.sort()).toEqual([...COMMANDS.map(({ name }) => name), "quit"].sort());
});

test("vm-power-dpdk(7) names commands, keys and methods that exist", () => {
  const verbs = new Set(VERBS.map(({ name }) => name));
  const named = [...PAGE.matchAll(/vmpowerctl ([a-z][\w-]*)/g)].map(([, verb = ""]) => verb);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((verb) => !verbs.has(verb))).toEqual([]);
  const keys = new Set([...Object.values(KEYS).flatMap(Object.keys), ...Object.keys(VM_KEYS)]);
  const said = [...PAGE.matchAll(/\*([A-Z]\w+)=/g)].map(([, key = ""]) => key);
  expect(said.filter((key) => !keys.has(key))).toEqual([]);
  const methods = [...PAGE.matchAll(/io\.vmpower\.(?:Control|Request)\.(\w+)/g)].map(([, name = ""]) => name);
  expect(methods.filter((name) => !REQUEST.methods.has(name) && !CONTROL.methods.has(name))).toEqual([]);
});

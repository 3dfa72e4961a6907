import { afterEach, expect, test } from "bun:test";
import { type Control, METHODS, type MethodName } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Struct, Type } from "../../src/admin/idl.ts";
import { PARAMETER_RULES } from "../../src/admin/parameters.ts";
import { type Served, serve } from "./harness.ts";
import { rawClient } from "./raw-client.ts";
import { sampleControl } from "./sample-control.ts";
import { sampleStruct } from "./sample-values.ts";

/** All parameters of all methods, with their types. */
const PARAMETERS = [...CONTROL.methods].flatMap(([method, { parameters }]) =>
  [...parameters.members].map(([name, type]) => ({ method, name, type: bare(type) })),
);
const LISTS = PARAMETERS.filter(({ type }) => type.kind === "array");
const NUMBERS = PARAMETERS.filter(({ type }) => type.kind === "int");

let served: Served | undefined;
afterEach(async () => await served?.close());

function bare(type: Type): Type {
  return type.kind === "maybe" ? type.of : type;
}

/** Calls a method with samples and these parameters; returns the parameters that it got, or the server's error. */
async function callWith(method: string, parameters: object): Promise<unknown> {
  let got: unknown;
  const control = Object.fromEntries(
    (Object.keys(METHODS) as MethodName[]).map((name) => [
      name,
      (taken: object) => {
        got = taken;
        return {};
      },
    ]),
  );
  await served?.close();
  served = await serve({ ...sampleControl(), ...control } as unknown as Control);
  const client = await rawClient(served.path);
  const sample = sampleStruct(CONTROL.methods.get(method)?.parameters as Struct);
  const message = {
    method: `io.vmpower.Control.${method}`,
    parameters: { ...sample, ...parameters },
    more: method === "Record" || method === "HoldCpus",
  };
  client.send(`${JSON.stringify(message)}\0`);
  const [reply] = (await client.replies(1)) as { error?: string; parameters: object }[];
  client.leave();
  return reply?.error === undefined ? got : reply;
}

const invalid = (parameter: string) => ({
  error: "org.varlink.service.InvalidParameter",
  parameters: { parameter },
});

test("every parameter that can be large has a rule, and every list has a limit", () => {
  const large = PARAMETERS.filter(({ type }) => !["bool", "choice"].includes(type.kind));
  expect(large.filter(({ name }) => !PARAMETER_RULES.has(name))).toEqual([]);
  const unbounded = LISTS.filter(({ name }) => PARAMETER_RULES.get(name)?.itemsMax === undefined);
  expect(unbounded).toEqual([]);
  expect(LISTS.length).toBeGreaterThan(6);
});

test.each(LISTS)("$method gets each item of $name once", async ({ method, name, type }) => {
  const texts = name === "macs" ? ["52:54:00:12:34:56", "52:54:00:12:34:57"] : ["web1", "web2"];
  const [one, other] = of(type) === "string" ? texts : [1, 2];
  // As many as fit into one message.
  const named = [...Array(name === "macs" ? 2_000 : 6_000).fill(one), other, one];
  expect(await callWith(method, { [name]: named })).toMatchObject({ [name]: [one, other] });
});

test.each(LISTS)("$method refuses too many items in $name", async ({ method, name, type }) => {
  const most = PARAMETER_RULES.get(name)?.itemsMax ?? Number.NaN;
  const items = Array.from({ length: most + 1 }, (_, at) => (of(type) === "string" ? `v${at}` : at));
  expect(await callWith(method, { [name]: items })).toEqual(invalid(name));
});

function of(type: Type): string {
  return type.kind === "array" ? type.of.kind : "";
}

test.each(NUMBERS)("$method refuses an impossible $name", async ({ method, name }) => {
  for (const value of [-1, name.endsWith("Ms") ? 8.64e15 + 1 : 100_000_001])
    expect(await callWith(method, { [name]: value })).toEqual(invalid(name));
});

test.each([[""], ["a/b"], ["a\u0000"], ["a\u007f"], ["\ud800"], ["é".repeat(126)]])(
  "AddVm refuses %j, which cannot be the name of a VM",
  async (vm) => {
    expect(await callWith("AddVm", { vm })).toEqual(invalid("vm"));
  },
);

test("AddVm takes the longest name that a VM can have", async () => {
  const vm = "é".repeat(125);
  expect(await callWith("AddVm", { vm })).toEqual({ vm });
});

test("a VM can be looked up by any name up to the longest length", async () => {
  const vm = `a/\u009b${"x".repeat(246)}`;
  expect(await callWith("ShowVm", { vm })).toEqual({ vm });
  expect(await callWith("ShowVm", { vm: `${vm}x` })).toEqual(invalid("vm"));
});

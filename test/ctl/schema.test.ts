import { expect, test } from "bun:test";
import { PRINTS } from "../../src/ctl/verbs/schema.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { ctl } from "./harness.ts";

test("every command with --json has its schema, and needs no daemon for it", async () => {
  const names = VERBS.map(({ name }) => name).filter((name) => !["shell", "schema", "run"].includes(name));
  expect(Object.keys(PRINTS).sort()).toEqual(names.sort());
  for (const name of names) {
    const { code, out, err } = await ctl(`schema ${name} --socket /nowhere`);
    expect([name, code, err]).toEqual([name, 0, ""]);
    const { $defs = {} } = JSON.parse(out) as { $defs?: Record<string, unknown> };
    const named = [...out.matchAll(/"\$ref": "#\/\$defs\/(\w+)"/g)].map(([, type]) => type ?? "");
    expect([name, Object.keys($defs).sort()]).toEqual([name, [...new Set(named)].sort()]);
  }
  expect(await ctl("schema shell")).toEqual({
    code: 2,
    out: "",
    err: '"shell" is not a command with --json: vmpowerctl --help lists the commands\n',
  });
});

test("a schema agrees with the interface description", async () => {
  expect(JSON.parse((await ctl("schema vcpus")).out)).toEqual({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ListVcpus",
    type: "object",
    properties: {
      schemaVersion: { type: "integer" },
      vcpus: { type: "array", items: { $ref: "#/$defs/VcpuInfo" } },
    },
    required: ["schemaVersion", "vcpus"],
    $defs: {
      VcpuInfo: {
        type: "object",
        properties: {
          vcpu: { type: "integer" },
          state: { enum: ["offline", "running", "blocked"] },
          cpuTimeMs: { type: "integer" },
          pcpu: { type: "integer" },
          pcpus: { type: "array", items: { type: "integer" } },
        },
        required: ["vcpu", "state", "cpuTimeMs", "pcpus"],
      },
    },
  });
  expect(JSON.parse((await ctl("schema why")).out)).toMatchObject({
    anyOf: [{ title: "Explain" }, { title: "ExplainVcpu" }, { title: "GetHistory" }],
  });
});

import { afterEach, expect, test } from "bun:test";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { type Served, serve } from "./harness.ts";
import { type RawClient, rawClient } from "./raw-client.ts";
import { CHANNELS, STATUS, sampleControl } from "./sample-control.ts";

let served: Served | undefined;
let client: RawClient | undefined;

afterEach(async () => {
  client?.leave();
  await served?.close();
});

/** Starts a server, sends these bytes, and returns the replies. */
async function exchange(bytes: string, count: number, control = sampleControl()): Promise<unknown[]> {
  served = await serve(control);
  client = await rawClient(served.path);
  client.send(bytes);
  return await client.replies(count);
}

test("the server describes itself", async () => {
  expect(await exchange('{"method":"org.varlink.service.GetInfo"}\0', 1)).toEqual([
    {
      parameters: {
        vendor: "vm-power",
        product: "vm-power",
        version: "1.2.3",
        url: "",
        interfaces: ["io.vmpower.Control", "io.vmpower.Monitor", "org.varlink.service"],
      },
    },
  ]);
});

test("the server describes its interfaces", async () => {
  const describe = (name: string) =>
    `{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"${name}"}}\0`;
  const [control, service, none] = (await exchange(
    describe("io.vmpower.Control") + describe("org.varlink.service") + describe("a.b"),
    3,
  )) as { parameters: { description: string } }[];
  expect(control).toEqual({ parameters: { description: CONTROL.text } });
  expect(service?.parameters.description).toContain("\ninterface org.varlink.service\n");
  expect(none as unknown).toEqual({
    error: "org.varlink.service.InterfaceNotFound",
    parameters: { interface: "a.b" },
  });
});

test("the server answers pipelined calls in the order they came, also those that take longer", async () => {
  const control = sampleControl({
    ShowVm: async ({ vm }) => {
      await Bun.sleep(20);
      return sampleControl().ShowVm({ vm }, { uid: 0, gid: 0, pid: 0 });
    },
  });
  const replies = await exchange(
    '{"method":"io.vmpower.Control.ShowVm","parameters":{"vm":"x"}}\0' +
      '{"method":"io.vmpower.Control.GetStatus","parameters":{}}\0' +
      '{"method":"io.vmpower.Control.ListChannels","parameters":null,"more":true}\0' +
      '{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"é"},"oneway":true}\0' +
      '{"method":"io.vmpower.Control.SetQuery","parameters":{"vm":"y","enabled":true}}\0',
    4,
    control,
  );
  expect(replies).toEqual([
    { error: "io.vmpower.Control.NoSuchVm", parameters: { vm: "x" } },
    { parameters: { schemaVersion: 1, ...STATUS } },
    { parameters: { schemaVersion: 1, channels: CHANNELS } },
    { error: "io.vmpower.Control.NoSuchVm", parameters: { vm: "y" } },
  ]);
  expect(served?.mutations.map(({ method, error }) => [method, error])).toEqual([
    ["AddVm", undefined],
    ["SetQuery", "io.vmpower.Control.NoSuchVm"],
  ]);
});

const invalid = (parameter: string) => ({
  error: "org.varlink.service.InvalidParameter",
  parameters: { parameter },
});

test.each([
  ['{"method":"io.vmpower.Control.Nonsense"}', "MethodNotFound", { method: "io.vmpower.Control.Nonsense" }],
  [
    '{"method":"io.vmpower.Control.constructor"}',
    "MethodNotFound",
    { method: "io.vmpower.Control.constructor" },
  ],
  ['{"method":"Nonsense"}', "MethodNotFound", { method: "Nonsense" }],
  ['{"method":""}', "MethodNotFound", { method: "" }],
  ['{"method":"a.b.C"}', "InterfaceNotFound", { interface: "a.b" }],
  ['{"method":"io.vmpower.Control.Subscribe"}', "ExpectedMore", {}],
  [
    '{"method":"io.vmpower.Control.Explain"}',
    "MethodNotImplemented",
    { method: "io.vmpower.Control.Explain" },
  ],
])("the server answers %s with its error", async (call, error, parameters) => {
  const { Explain: _, ...control } = sampleControl();
  const replies = await exchange(`${call}\0`, 1, control as unknown as ReturnType<typeof sampleControl>);
  expect(replies).toEqual([{ error: `org.varlink.service.${error}`, parameters }]);
});

test.each([
  ['"ShowVm"', "vm"],
  ['"ShowVm","parameters":{"vm":7}', "vm"],
  ['"ShowVm","parameters":{"vm":null}', "vm"],
  ['"ShowVm","parameters":{"vm":"web.1","cpu":7}', "cpu"],
  ['"Restore","parameters":{"cpu":[2]}', "cpu"],
  ['"Restore","parameters":{"cpus":"2"}', "cpus"],
  ['"Restore","parameters":{"cpus":[2,"3"]}', "cpus"],
  ['"Restore","parameters":{"cpus":[2.5]}', "cpus"],
  ['"SetCpuFreq","parameters":{"cpus":[2],"to":"fast","hold":false}', "to"],
  ['"SetCpuFreq","parameters":{"cpus":[2],"to":"khz","khz":"1","hold":false}', "khz"],
  ['"AddVm","parameters":{"vm":""}', "vm"],
  ['"Restore","parameters":[]', "parameters"],
])("the server names the parameter that is wrong in %s", async (rest, parameter) => {
  const [method, ...parameters] = rest.split(",");
  const call = `{"method":"io.vmpower.Control.${method?.slice(1)}${parameters.map((part) => `,${part}`).join("")}}`;
  expect(await exchange(`${call}\0`, 1)).toEqual([invalid(parameter)]);
});

test("the server names the missing member of an object that is not a call, and continues", async () => {
  const replies = await exchange('{}\0{"method":"io.vmpower.Control.AddVm","upgrade":true}\0', 2);
  expect(replies).toEqual([invalid("method"), invalid("upgrade")]);
});

test("the server replies to calls that a client sent before it closed its half", async () => {
  served = await serve(sampleControl({ AddVm: () => Bun.sleep(20).then(() => ({})) }));
  client = await rawClient(served.path);
  client.send('{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"x"}}\0'.repeat(2));
  client.half();
  expect(await client.replies(2)).toEqual([
    { parameters: { schemaVersion: 1 } },
    { parameters: { schemaVersion: 1 } },
  ]);
  expect(await client.closed()).toBe("");
});

test("the server delivers a reply that is larger than any socket buffer", async () => {
  const channels = Array.from({ length: 20_000 }, (_, number) => ({ ...(CHANNELS[0] ?? fail()), number }));
  const control = sampleControl({ ListChannels: () => ({ channels }) });
  const replies = await exchange('{"method":"io.vmpower.Control.ListChannels"}\0'.repeat(3), 3, control);
  expect(replies).toEqual(Array(3).fill({ parameters: { schemaVersion: 1, channels } }));
});

function fail(): never {
  throw new Error("No sample");
}

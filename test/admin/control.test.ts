import { afterEach, expect, test } from "bun:test";
import { NOBODY } from "../../src/admin/caller.ts";
import { connectControl } from "../../src/admin/client.ts";
import { conform, formatPath } from "../../src/admin/conform.ts";
import { type CallName, type Control, ControlError, METHODS } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Calls } from "../../src/admin/control-types.ts";
import { type Served, serve } from "./harness.ts";
import { rawClient } from "./raw-client.ts";
import { sampleControl } from "./sample-control.ts";

let served: Served | undefined;

afterEach(async () => await served?.close());

/** One call of each method. */
const EXAMPLES: { readonly [Name in CallName]: Calls[Name]["takes"] } = {
  GetStatus: {},
  ListVms: {},
  ShowVm: { vm: "web.1" },
  ListChannels: {},
  AddVm: { vm: "web.1" },
  RemoveVm: { vm: "web.1" },
  ForgetVm: { vm: "web.1" },
  AddChannels: { vm: "web.1", channels: [0] },
  RemoveChannels: { vm: "web.1" },
  SetChannelStatus: { vm: "web.1", channels: [0, 1], enabled: false },
  ReleaseChannels: { vm: "web.1" },
  ListCpus: {},
  ListHolds: {},
  ListAskers: {},
  EndAsker: { asker: "app/redis/1000" },
  SetCpuFreq: { cpus: [2, 3], to: "khz", khz: 1_800_000, hold: true },
  SetQuery: { vm: "web.1", enabled: true },
  GetContract: { vm: "web.1" },
  SetContract: { vm: "web.1", settings: ["MaxKhz=1.8GHz"], reason: "noisy" },
  UnsetContract: { vm: "web.1" },
  GetConfig: {},
  GetStates: {},
  SetState: { state: "eco", vms: "web*", reason: "night" },
  ListPolicies: { vm: "web.1" },
  AddPolicy: { vm: "web.1", vcpuNumbers: [0], kind: "workload", workload: "low" },
  RemovePolicy: { vm: "web.1", id: 3 },
  Explain: { cpu: 2 },
  ExplainVcpu: { vm: "web.1", vcpu: 0 },
  Verify: {},
  ListVcpus: { vm: "web.1" },
  PinVcpu: { vm: "web.1", vcpu: 0, pcpus: [2, 3], live: true, config: false },
  SetVcpus: { vm: "web.1", count: 4, live: false, config: true },
  GetChannelConfig: { vm: "web.1", format: "libvirt" },
  AddChannelConfig: { vm: "web.1", vcpus: 2, text: "<channel/>" },
  GetAttachPlan: { vm: "web.1", channels: [0, 1], config: false },
  AttachChannels: { vm: "web.1", config: true },
  Restore: {},
  GetEnergy: { vm: "web.1", seconds: 600, toMs: 1_700_000_000_000, points: true },
  GetHistory: { vm: "web.1", fromMs: 1, toMs: 1_700_000_000_000, kinds: ["drift"] },
  GetUsage: { vm: "web.1", fromMs: 1, toMs: 1_700_000_000_000 },
  GetLoad: {},
  GetMetrics: { format: "prometheus" },
};

const NAMES = Object.keys(EXAMPLES) as CallName[];

async function callAll(control: Control, peerOf?: () => undefined): Promise<Map<string, object>> {
  served = await serve(control, peerOf && { peerOf });
  const client = await rawClient(served.path);
  for (const name of NAMES) {
    client.send(`${JSON.stringify({ method: `io.vmpower.Control.${name}`, parameters: EXAMPLES[name] })}\0`);
  }
  const replies = (await client.replies(NAMES.length)) as object[];
  client.leave();
  return new Map(NAMES.map((name, index) => [name, replies[index] ?? {}]));
}

test("every method replies with exactly the members of its description", async () => {
  const wrong: string[] = [];
  for (const [name, reply] of await callAll(sampleControl())) {
    const { parameters } = reply as { parameters: unknown };
    const mismatch = conform(parameters, CONTROL.methods.get(name)?.reply ?? fail(), {
      types: CONTROL.types,
      open: false,
    });
    if (mismatch !== undefined)
      wrong.push(`${name}: ${formatPath(mismatch.path)} is not ${mismatch.expected}`);
  }
  expect(wrong).toEqual([]);
});

test("every method that changes something, and no other, is reported with its caller; only failures are logged here", async () => {
  await callAll(sampleControl());
  const changing = NAMES.filter((name) => METHODS[name].mutates);
  expect(served?.lines).toEqual([]);
  expect(served?.mutations).toEqual(
    changing.map((method) => ({
      method,
      parameters: EXAMPLES[method],
      caller: { uid: 1000, gid: 1000, pid: 77 },
      error: undefined,
    })),
  );
  expect(changing).toEqual([
    "AddVm",
    "RemoveVm",
    "ForgetVm",
    "AddChannels",
    "RemoveChannels",
    "SetChannelStatus",
    "ReleaseChannels",
    "EndAsker",
    "SetCpuFreq",
    "SetQuery",
    "SetContract",
    "UnsetContract",
    "SetState",
    "AddPolicy",
    "RemovePolicy",
    "PinVcpu",
    "SetVcpus",
    "AddChannelConfig",
    "AttachChannels",
    "Restore",
  ]);
});

test("a caller whose credentials are unknown may read, but change nothing", async () => {
  const seen: unknown[] = [];
  const GetStatus: Control["GetStatus"] = (parameters, caller) => {
    seen.push(caller);
    return sampleControl().GetStatus(parameters, caller);
  };
  const replies = await callAll(sampleControl({ GetStatus }), () => undefined);
  const denied = [...replies].filter(([, reply]) => "error" in reply);
  const permissionDenied = { error: "org.varlink.service.PermissionDenied", parameters: {} };
  expect(denied).toEqual(
    NAMES.filter((name) => METHODS[name].mutates).map((name) => [name, permissionDenied]),
  );
  expect(seen).toEqual([NOBODY]);
  expect(served?.lines).toEqual([]);
});

test("errors of the interface may be returned or thrown, now or later", async () => {
  const noSuchVm = new ControlError("NoSuchVm", { vm: "a\u009b" });
  const refused = new ControlError("Refused", { reason: "no", remedy: "ask again" });
  const replies = await callAll(
    sampleControl({
      AddVm: () => noSuchVm,
      RemoveVm: () => {
        throw noSuchVm;
      },
      SetQuery: async () => refused,
      Restore: () => Promise.reject(refused),
      ListCpus: () => new ControlError("NoSuchCpu", { cpu: 9 }),
      Explain: () => new ControlError("InvalidParameter", { parameter: "cpu" }),
    }),
  );
  const errors = [...replies].filter(([, reply]) => "error" in reply);
  const vm = { error: "io.vmpower.Control.NoSuchVm", parameters: { vm: "a\u009b" } };
  const no = { error: "io.vmpower.Control.Refused", parameters: { reason: "no", remedy: "ask again" } };
  expect(errors).toEqual([
    ["AddVm", vm],
    ["RemoveVm", vm],
    ["ListCpus", { error: "io.vmpower.Control.NoSuchCpu", parameters: { cpu: 9 } }],
    ["SetQuery", no],
    ["Explain", { error: "org.varlink.service.InvalidParameter", parameters: { parameter: "cpu" } }],
    ["Restore", no],
  ]);
  expect(served?.lines[0]).toBe(
    'notice: AddVm {"vm":"web.1"} by uid 1000, pid 77: NoSuchVm {"vm":"a\\u009b"}',
  );
  for (const [, reply] of errors) {
    const { error, parameters } = reply as { error: string; parameters: object };
    const described = CONTROL.errors.get(error.replace("io.vmpower.Control.", ""))?.parameters;
    if (described)
      expect(conform(parameters, described, { types: CONTROL.types, open: false })).toBeUndefined();
  }
});

test("an internal fault is logged with its details, and the caller gets none of them", async () => {
  const replies = await callAll(
    sampleControl({
      AddVm: () => {
        throw new TypeError("secret path /x");
      },
      SetQuery: () => Promise.reject(new RangeError("later")),
    }),
  );
  const fault = {
    error: "io.vmpower.Control.Refused",
    parameters: { reason: "A fault of vm-power", remedy: "see its log: journalctl -u vm-power" },
  };
  expect([replies.get("AddVm"), replies.get("SetQuery")]).toEqual([fault, fault]);
  expect(served?.lines.filter((line) => line.startsWith("error"))).toEqual([
    "error: Call AddVm failed by a fault of vm-power: secret path /x",
    "error: Call SetQuery failed by a fault of vm-power: later",
  ]);
});

test("a control may be an object with state of its own", async () => {
  class Daemon {
    readonly pid = 99;
    GetStatus() {
      return { ...sampleControl().GetStatus({}, NOBODY), pid: this.pid };
    }
  }
  const replies = await callAll(
    Object.assign(new Daemon(), { ...sampleControl(), GetStatus: Daemon.prototype.GetStatus }) as never,
  );
  expect(replies.get("GetStatus")).toMatchObject({ parameters: { pid: 99 } });
});

test("a call that takes too long still gets a reply", async () => {
  served = await serve(sampleControl({ AddVm: () => new Promise(() => {}) }), { limits: { callMs: 50 } });
  const client = await connectControl(served.path, { timeoutMs: 2_000 });
  await expect(client.call("AddVm", { vm: "x" })).rejects.toMatchObject({
    error: "io.vmpower.Control.Refused",
    parameters: { reason: "The daemon did not finish within 0.05 s; it may still do what was asked" },
  });
  expect((await client.call("GetStatus", {})).pid).toBe(4711);
  client.close();
});

function fail(): never {
  throw new Error("Not described");
}

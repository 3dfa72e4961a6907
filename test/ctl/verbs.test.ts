import { expect, test } from "bun:test";
import { conform } from "../../src/admin/conform.ts";
import { METHODS, type MethodName } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Struct } from "../../src/admin/idl.ts";
import { PRINTS } from "../../src/ctl/verbs/schema.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { CPUS, STATUS, sampleControl } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";

test.each([
  ["add-vm web1", "AddVm", { vm: "web1" }],
  ["rm-vm web.1", "RemoveVm", { vm: "web.1" }],
  ["forget-vm web.1", "ForgetVm", { vm: "web.1" }],
  ["add-channels web.1", "AddChannels", { vm: "web.1" }],
  ["add-channels web.1 all", "AddChannels", { vm: "web.1" }],
  ["add-channels web.1 1,0", "AddChannels", { vm: "web.1", channels: [0, 1] }],
  ["rm-channels web.1 1", "RemoveChannels", { vm: "web.1", channels: [1] }],
  [
    "set-channel-status web.1 0-1 disabled",
    "SetChannelStatus",
    { vm: "web.1", channels: [0, 1], enabled: false },
  ],
  ["set-channel-status web.1 all enabled", "SetChannelStatus", { vm: "web.1", enabled: true }],
  ["release-channels web.1", "ReleaseChannels", { vm: "web.1" }],
  ["release-channels web.1 1", "ReleaseChannels", { vm: "web.1", channels: [1] }],
  ["set-query web.1 enable", "SetQuery", { vm: "web.1", enabled: true }],
  ["set-query web.1 disable", "SetQuery", { vm: "web.1", enabled: false }],
  ["contract web.1", "GetContract", { vm: "web.1" }],
  [
    "set-contract web.1 MaxKhz=1.8GHz Turbo=no --for 2h --reason noisy",
    "SetContract",
    { vm: "web.1", settings: ["MaxKhz=1.8GHz", "Turbo=no"], forSeconds: 7200, reason: "noisy" },
  ],
  ["unset-contract web.1", "UnsetContract", { vm: "web.1" }],
  ["unset-contract web.1 Turbo MaxKhz", "UnsetContract", { vm: "web.1", keys: ["Turbo", "MaxKhz"] }],
  ["config", "GetConfig", {}],
  ["state", "GetStates", {}],
  ["state none", "SetState", {}],
  ["state eco --vms web* --reason night", "SetState", { state: "eco", vms: "web*", reason: "night" }],
  ["holds", "ListHolds", {}],
  [
    "set-cpu-freq 2 max --hold --reason maintenance",
    "SetCpuFreq",
    { cpus: [2], to: "max", hold: true, reason: "maintenance" },
  ],
  ["show-cpu-freq", "ListCpus", {}],
  ["show-cpu-freq 2-3", "ListCpus", { cpus: [2, 3] }],
  ["set-cpu-freq 2 up", "SetCpuFreq", { cpus: [2], to: "up", hold: false }],
  ["set-cpu-freq 2 no-turbo --hold", "SetCpuFreq", { cpus: [2], to: "noTurbo", hold: true }],
  ["set-cpu-freq --hold cpu2 2300000", "SetCpuFreq", { cpus: [2], to: "khz", khz: 2_300_000, hold: true }],
  ["set-cpu-freq 2 2.3GHz", "SetCpuFreq", { cpus: [2], to: "khz", khz: 2_300_000, hold: false }],
  ["set-cpu-freq 2 800mhz", "SetCpuFreq", { cpus: [2], to: "khz", khz: 800_000, hold: false }],
  ["set-cpu-freq 2 release", "SetCpuFreq", { cpus: [2], to: "release", hold: false }],
  ["why 2", "Explain", { cpu: 2 }],
  ["why cpu2", "Explain", { cpu: 2 }],
  ["why web.1:0", "ExplainVcpu", { vm: "web.1", vcpu: 0 }],
  ["why a:b:1", "ExplainVcpu", { vm: "a:b", vcpu: 1 }],
  ["verify", "Verify", {}],
  ["channel-config web.1", "GetChannelConfig", { vm: "web.1", format: "libvirt" }],
  ["channel-config web.1 --pathless", "GetChannelConfig", { vm: "web.1", format: "libvirt", pathless: true }],
  [
    "channel-config web.1 --vcpus 4 --format qemu",
    "GetChannelConfig",
    { vm: "web.1", format: "qemu", vcpus: 4 },
  ],
  ["vcpus web.1", "ListVcpus", { vm: "web.1" }],
  ["pin-vcpu web.1 0 2-3", "PinVcpu", { vm: "web.1", vcpu: 0, pcpus: [2, 3], live: false, config: false }],
  [
    "pin-vcpu web.1 1 0xc --live",
    "PinVcpu",
    { vm: "web.1", vcpu: 1, pcpus: [2, 3], live: true, config: false },
  ],
  [
    "pin-vcpu web.1 1 0x100000001 --live --config",
    "PinVcpu",
    { vm: "web.1", vcpu: 1, pcpus: [0, 32], live: true, config: true },
  ],
  ["set-vcpus web.1 4 --config", "SetVcpus", { vm: "web.1", count: 4, live: false, config: true }],
  ["restore", "Restore", {}],
  ["restore 2", "Restore", { cpus: [2] }],
])("%s calls %s with %j", async (command, method, parameters) => {
  const calls: unknown[] = [];
  const sample = sampleControl();
  const spying = Object.fromEntries(
    (Object.keys(METHODS) as MethodName[]).map((name) => [
      name,
      (given: never, caller: never, subscriber: never) => {
        calls.push([name, given]);
        return sample[name](given, caller, subscriber);
      },
    ]),
  );
  await ctlWith(spying, command);
  expect(calls).toEqual([[method, parameters]]);
});

test.each([
  ["add-vm web1", "VM web1 is served\n"],
  ["add-vm absent", "VM absent is served; no VM of that name runs now\n"],
  ["forget-vm web.1", "VM web.1 is forgotten\n"],
  ["rm-vm web.1", "VM web.1 is no longer served\n"],
  ["add-channels web.1", "2 channels of VM web.1 served: 0-1\n"],
  ["rm-channels web.1 1", "1 channel of VM web.1 no longer served: 1\n"],
  ["set-channel-status web.1 0 disabled", "1 channel of VM web.1 disabled: 0\n"],
  ["release-channels web.1", "2 channels of VM web.1 heard again: 0-1\n"],
  ["set-query web.1 enable", "Queries of VM web.1 are answered\n"],
  ["set-contract web.1 Turbo=no", "Turbo=no holds for VM web.1\n"],
  ["set-contract absent Turbo=no", "Turbo=no holds for VM absent; no VM of that name runs now\n"],
  ["unset-contract web.1", "MaxKhz, Turbo are no longer set for VM web.1 by operators\n"],
  ["set-cpu-freq 2 max", "CPU 2: 2.300 GHz\n"],
  ["restore 2", "CPU 2: 2.300 GHz\n"],
  ["pin-vcpu web.1 0 2-3", "vCPU 0 of VM web.1 runs on CPU 2-3\n"],
  ["pin-vcpu web.1 0 2 --live", "vCPU 0 of VM web.1 runs on CPU 2, until it stops\n"],
  ["pin-vcpu web.1 0 2 --config", "vCPU 0 of VM web.1 runs on CPU 2, from its next start on\n"],
  ["set-vcpus web.1 1 --live --config", "VM web.1 has 1 vCPU, now and from its next start on\n"],
])("%s says %j", async (command, out) => {
  expect(await ctlWith({}, command)).toEqual({ code: 0, out, err: "" });
});

test("failures on some CPUs go to stderr with exit code 1, equal results on one line", async () => {
  const results = [
    { pcpu: 2, ok: true, setting: "2300000", khz: 2_300_000 },
    { pcpu: 3, ok: true, setting: "2300000", khz: 2_300_000 },
    { pcpu: 4, ok: true, setting: "baseline" },
    { pcpu: 5, ok: false, reason: "not managed", setting: "baseline" },
    { pcpu: 7, ok: false, reason: "not managed", setting: "baseline" },
    { pcpu: 8, ok: false, setting: "baseline" },
  ];
  expect(await ctlWith({ Restore: () => ({ results }) }, "restore")).toEqual({
    code: 1,
    out: "CPUs 2-3: 2.300 GHz\nCPU 4: baseline\n",
    err: "CPUs 5,7: not managed\nCPU 8: failed\n",
  });
});

/** Commands with endless or several replies or another socket, the prompt and the command with their own texts, and the command that prints schemas. */
const WITHOUT_JSON = ["events", "report", "shell", "schema", "record", "run", "request"];

test.each(VERBS.map(({ name }) => name).filter((name) => !WITHOUT_JSON.includes(name)))(
  "%s --json prints the daemon's reply as it is",
  async (name) => {
    const given: Record<string, string> = {
      "set-query": "web.1 enable",
      "set-contract": "web.1 Turbo=no",
      config: "",
      holds: "",
      apps: "",
      "end-app": "app/redis/1000",
      "set-channel-status": "web.1 all enabled",
      "set-cpu-freq": "2 max",
      why: "2",
      policy: "list",
      "show-cpu-freq": "2-3",
      restore: "2",
      list: "",
      status: "",
      verify: "",
      "pin-vcpu": "web.1 0 2",
      "set-vcpus": "web.1 2",
      doctor: "",
      top: "",
      energy: "--vm web.1 --since 10m",
      metrics: "",
      "attach-channels": "web.1 --yes",
    };
    const command = `${name} ${given[name] ?? "web.1"} --json`.replace("  ", " ");
    const { code, out, err } = await ctlWith({}, command);
    expect([code, err]).toEqual([name === "verify" || name === "doctor" ? 20 : 0, ""]);
    expect(out.endsWith("}\n")).toBe(true);
    expect(out.trimEnd()).not.toContain("\n");
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1 });
    const published = (PRINTS[name] ?? []).map(
      (reply) => CONTROL.methods.get(reply)?.reply ?? CONTROL.types.get(reply),
    );
    const wrong = published.map((type) =>
      conform(JSON.parse(out), type as Struct, { types: CONTROL.types, open: false }),
    );
    expect([published.length > 0, wrong.includes(undefined)]).toEqual([true, true]);
  },
);

test("--json prints the whole reply, before or after the verb, and indented on a terminal", async () => {
  const reply = { schemaVersion: 1, ...STATUS };
  expect((await ctlWith({}, "--json status")).out).toBe(`${JSON.stringify(reply)}\n`);
  expect((await ctlWith({}, "status --json", { isTty: true })).out).toBe(
    `${JSON.stringify(reply, null, 2)}\n`,
  );
  expect(JSON.parse((await ctlWith({}, "show-cpu-freq --json")).out)).toEqual({
    schemaVersion: 1,
    cpus: CPUS as never,
  });
});

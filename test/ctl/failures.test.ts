import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { ClientError } from "../../src/admin/client-error.ts";
import { ControlError } from "../../src/admin/control.ts";
import { describeFailure } from "../../src/ctl/failure.ts";
import { ctl, ctlWith } from "./harness.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/vm-power-ctl-`);
});
afterEach(() => rmSync(dir, { recursive: true }));

test.each([
  ["stats", 'There is no command "stats": did you mean state or status?\n'],
  ["add_vm x", 'There is no command "add_vm": did you mean add-vm?\n'],
  ["show-vm", "show-vm lacks its argument <vm>: write vmpowerctl show-vm [options] <vm>\n"],
  ["list --chanels", 'list has no option "--chanels": did you mean --channels?\n'],
  ["channel-config web1 --format vmx", '--format: "vmx" is not one of libvirt, qemu, proxmox, xl\n'],
  ["channel-config web1 --vcpus all", '--vcpus: "all" is not a number of vCPUs from 1 to 1024\n'],
  ["channel-config web1 --yes", "--yes answers what --apply asks: add --apply, or leave out --yes\n"],
  [
    "channel-config web1 --apply --format xl",
    "--apply does not work with --format xl: leave out one of them\n",
  ],
  [
    "channel-config web1 --pathless --format qemu",
    "--pathless does not work with --format qemu: leave out one of them\n",
  ],
  ["pin-vcpu web1 x 2", '"x" is not the number of a vCPU: it is from 0 to 4095\n'],
  ["pin-vcpu web1 0 0x0", 'The mask "0x0" names no CPU: 0x3c names CPUs 2-5\n'],
  ["pin-vcpu web1 0 0xg", '"0xg" is not a list of CPUs like 2-5,8, with numbers below 8192\n'],
  ["set-vcpus web1 -1", '"-1" is not a number of vCPUs from 1 to 4096\n'],
  ["set-vcpus web1 0", '"0" is not a number of vCPUs from 1 to 4096\n'],
  ["why 1-2", '"1-2" is not one CPU like 7 or cpu7\n'],
  ["why cpu1,2", '"cpu1,2" is not one CPU like 7 or cpu7\n'],
  ["channel-config web1 --vcpus 0", '--vcpus: "0" is not a number of vCPUs from 1 to 1024\n'],
  ["record x.rec --vm ,", '--vm: "," names no VM: name VMs like web1,web2\n'],
  ["--hosts= set-cpu-freq 2 max", "The list of hosts is empty: name hosts like web1,root@web2\n"],
  ["-H , status", "The list of hosts is empty: name hosts like web1,root@web2\n"],
  ["show-cpu-freq 5-2", '"5-2" is not a list of CPUs like 2-5,8, with numbers below 8192\n'],
  ["show-cpu-freq all", '"all" is not a list of CPUs like 2-5,8, with numbers below 8192\n'],
  [
    "set-cpu-freq 2 fast",
    '"fast" is neither a speed like 2.3GHz or 2300000 (kHz) nor one of up, down, min, max, turbo, no-turbo, release\n',
  ],
  [
    "set-cpu-freq 2 0",
    '"0" is neither a speed like 2.3GHz or 2300000 (kHz) nor one of up, down, min, max, turbo, no-turbo, release\n',
  ],
  ["set-cpu-freq 2 release --hold", "release ends a hold: leave out --hold\n"],
  ["add-channels web.1 x", '"x" is neither "all" nor a list of channels like 0,1\n'],
  ["set-channel-status web.1 0 on", '"on" is neither "enabled" nor "disabled"\n'],
  ["set-query web.1 enabled", '"enabled" is neither "enable" nor "disable"\n'],
])("%s is wrong usage, without a daemon", async (command, err) => {
  expect(await ctl(`--socket /nowhere ${command}`)).toEqual({ code: 2, out: "", err });
});

test("a missing command and an invalid timeout are wrong usage", async () => {
  const bare = await ctl("");
  expect([bare.code, bare.out, bare.err.slice(0, 37)]).toEqual([
    2,
    "",
    "Usage: vmpowerctl [options] [command]",
  ]);
  for (const timeout of ["0", "-1", "x", "1e3", "99999"]) {
    expect((await ctl(["--timeout", timeout, "status"])).code).toBe(2);
  }
});

test.each([
  ["vmpowerctl.usage", 2, "channel-config web1 --apply --json", "--apply with --json cannot ask: add --yes"],
  [
    "vmpowerctl.usage",
    2,
    "run --cpus 2 --json -- true",
    "run prints what its command prints: leave out --json",
  ],
  ["vmpowerctl.usage", 2, "shell --json", "shell prints what DPDK's prompt prints: leave out --json"],
  ["vmpowerctl.usage", 2, "status --jason --json", 'status has no option "--jason": did you mean --json?'],
  ["vmpowerctl.usage", 2, "--json", "No command is named: vmpowerctl --help lists the commands"],
  [
    "vmpowerctl.notRunning",
    3,
    "status --json",
    'vm-power is not running (no socket at "/nowhere"): systemctl start vm-power',
  ],
])("with --json a failure is JSON too: %s", async (error, code, command, message) => {
  const ran = await ctl(`--socket /nowhere ${command}`);
  expect([ran.code, JSON.parse(ran.out)]).toEqual([code, { error, parameters: { message } }]);
  expect(ran.err).not.toBe("");
});

test("version prints the version, and is not taken for a mistyped verify", async () => {
  expect(await ctl("version")).toEqual({ code: 0, out: "0.1.0\n", err: "" });
});

test("a daemon that is not running: 3", async () => {
  const socket = `${dir}/control.sock`;
  expect(await ctl(`status --socket ${socket}`)).toEqual({
    code: 3,
    out: "",
    err: `vm-power is not running (no socket at "${socket}"): systemctl start vm-power\n`,
  });
  await Bun.write(socket, "");
  expect(await ctl(`status --socket ${socket}`)).toEqual({
    code: 3,
    out: "",
    err: `vm-power is not running (nobody answers at "${socket}"): systemctl start vm-power\n`,
  });
});

test("no permission to connect: 4", () => {
  expect(
    describeFailure(new ClientError("noPermission", "x", "EACCES"), "/run/vm-power/control.sock"),
  ).toEqual({
    code: 4,
    sentence:
      'No permission to use "/run/vm-power/control.sock": become root, or a member of group vm-power ' +
      "(or of vm-power-monitor, to read only)",
  });
});

test("a daemon that does not answer: 5", async () => {
  expect(await ctlWith({ AddVm: () => new Promise(() => {}) }, "add-vm x --timeout 0.1")).toEqual({
    code: 5,
    out: "",
    err: "vm-power did not answer within 0.1 s: systemctl status vm-power, or a longer --timeout\n",
  });
});

test.each([
  ["why cpux", 'There is no VM "cpux": vmpowerctl list shows all VMs\n', "NoSuchVm", { vm: "cpux" }],
  ["show-vm nope", 'There is no VM "nope": vmpowerctl list shows all VMs\n', "NoSuchVm", { vm: "nope" }],
  [
    "record /nowhere/x --vm nope",
    'There is no VM "nope": vmpowerctl list shows all VMs\n',
    "NoSuchVm",
    { vm: "nope" },
  ],
  ["why 99", "There is no CPU 99: vmpowerctl show-cpu-freq shows all CPUs\n", "NoSuchCpu", { cpu: 99 }],
  [
    "rm-channels web.1 7",
    'VM "web.1" has no channel 7: vmpowerctl show-vm web.1 shows its channels\n',
    "NoSuchChannel",
    { vm: "web.1", channel: 7 },
  ],
  [
    "why web.1:7",
    'VM "web.1" has no vCPU 7: vmpowerctl show-vm web.1 shows its vCPUs\n',
    "NoSuchVcpu",
    { vm: "web.1", vcpu: 7 },
  ],
])("something that does not exist: 10 (%s)", async (command, err, error, parameters) => {
  expect(await ctlWith({}, command)).toEqual({ code: 10, out: "", err });
  const out = `${JSON.stringify({ error: `io.vmpower.Control.${error}`, parameters })}\n`;
  expect(await ctlWith({}, `${command} --json`)).toEqual({ code: 10, out, err });
});

test("a refusal of the daemon: 1, with its words and its remedy", async () => {
  const refusing = (parameters: { reason: string; remedy?: string }) => ({
    AddVm: () => new ControlError("Refused", parameters),
  });
  expect(await ctlWith(refusing({ reason: "There are too many VMs" }), "add-vm x")).toEqual({
    code: 1,
    out: "",
    err: "There are too many VMs\n",
  });
  expect(await ctlWith(refusing({ reason: "No", remedy: "ask again" }), "add-vm x")).toEqual({
    code: 1,
    out: "",
    err: "No: ask again\n",
  });
  expect(await ctlWith({}, ["add-vm", ""])).toEqual({
    code: 2,
    out: "",
    err: "The name of the VM is empty: vmpowerctl list shows all VMs\n",
  });
});

test("an internal fault is not hidden", () => {
  expect(() => describeFailure(new TypeError("x is not a function"), "/x")).toThrow("x is not a function");
});

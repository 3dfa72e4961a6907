import { expect, test } from "bun:test";
import { CHANNELS, CPUS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";
import { TERMINAL } from "./shown.ts";

test("colours are used only on terminals, and not if they are switched off", async () => {
  const coloured = async (io: object) => (await ctlWith({}, "status", io)).out.includes("\x1b[");
  expect([
    await coloured({ isTty: true, env: { TERM: "xterm" } }),
    await coloured({ isTty: true, env: { TERM: "xterm", NO_COLOR: "" } }),
    await coloured({ isTty: true, env: { TERM: "xterm", NO_COLOR: "1" } }),
    await coloured({ isTty: true, env: { TERM: "dumb" } }),
    await coloured({ isTty: false, env: { TERM: "xterm" } }),
  ]).toEqual([true, true, false, false, false]);
});

test("control characters in names are escaped in tables, sentences, errors and JSON", async () => {
  const evil = "a\x1b]0;pwned\x07\u009b2J\u202e";
  const control = {
    ShowVm: () => ({
      vm: {
        ...WEB1,
        name: evil,
        detail: evil,
        channels: [{ ...(CHANNELS[1] ?? fail()), vm: evil, reason: evil }],
      },
    }),
    ListVms: () => ({
      vms: [
        { name: evil, state: evil as never, added: true, vcpus: 1, channels: 1, connected: 1, claims: 1 },
      ],
    }),
    GetStatus: () => ({ ...STATUS, version: evil, channelDirectory: evil, directoryProblem: evil }),
    ListCpus: () => ({
      cpus: CPUS.map((cpu) => ({ ...cpu, governor: evil, reason: evil, setting: evil, vcpus: [evil] })),
    }),
  };
  for (const command of ["show-vm x", "list", "status", "show-cpu-freq", "show-vm x --json", "list --json"]) {
    const { out, err } = await ctlWith(control, command, TERMINAL);
    expect([command, out + err]).toEqual([command, expect.not.stringMatching(/[^\P{Cc}\n]|\p{Cf}/u)]);
  }
  const missing = await ctlWith({}, ["show-vm", evil]);
  expect(missing.err).toBe(
    'There is no VM "a\\x1b]0;pwned\\x07\\x9b2J\\u{202e}": vmpowerctl list shows all VMs\n',
  );
});

test("no table is wider than the terminal if its names can be shortened", async () => {
  const name = "a-name-that-somebody-thought-was-a-good-idea-for-a-virtual-machine-in-production";
  const control = {
    ListVms: () => ({
      vms: [
        { name, state: "running" as const, added: true, vcpus: 64, channels: 64, connected: 64, claims: 64 },
      ],
    }),
    ListCpus: () => ({ cpus: CPUS.map((cpu) => ({ ...cpu, vcpus: [`${name}:0`, `${name}:1`] })) }),
  };
  for (const command of ["list", "show-cpu-freq", "status", "show-vm web.1", "why 2"]) {
    const wide = (await ctlWith(control, command, TERMINAL)).out
      .split("\n")
      .filter((line) => Bun.stringWidth(line) > 80);
    expect([command, wide]).toEqual([command, []]);
  }
  expect((await ctlWith(control, "list", { ...TERMINAL, isTty: false })).out).toContain(name);
});

function fail(): never {
  throw new Error("No sample");
}

import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { exitCodeOf } from "../../src/guest/command/results.ts";
import { makeCpufreqTree } from "../../src/simulate/cpufreq-tree.ts";
import { guestVms, PORT } from "./guest-vms.ts";
import { guest } from "./harness.ts";
import { originalHost } from "./original-host.ts";
import { temporaryDirectory } from "./temporary.ts";
import type { TerminalPort } from "./terminal-ports.ts";

const vm = guestVms();

const commands = (port: TerminalPort | undefined) =>
  port?.sent.map((bytes) => [bytes[12], bytes[8], bytes[0]]);

describe("up, down, min, max, turbo, no-turbo", () => {
  test("are sent for every vCPU that has a port, over its own port", async () => {
    const { places, host, ports } = vm([0, 1]);
    expect(await guest("min", places)).toEqual({ code: 0, out: "vCPUs 0-1: min\n", err: "" });
    expect(host.index).toEqual([5, 5, 0, 0]);
    expect(commands(ports[1])).toEqual([
      [2, 0, 0], // CONNECT
      [1, 4, 1], // CPU_POWER, min, vCPU 1
    ]);
    expect(await guest("up 1", places)).toEqual({ code: 0, out: "vCPU 1: up\n", err: "" });
    expect(host.index).toEqual([5, 4, 0, 0]);
    expect(await guest("min 2-3 --port 0", places)).toEqual({ code: 0, out: "vCPUs 2-3: min\n", err: "" });
    expect(host.index).toEqual([5, 4, 5, 5]);
    for (const word of ["turbo", "no-turbo", "down", "max"])
      expect((await guest(`${word} 0`, places)).code).toBe(0);
    expect(
      commands(ports[0])
        ?.filter(([command, , vcpu]) => command === 1 && vcpu === 0)
        .map(([, unit]) => unit),
    ).toEqual([4, 5, 6, 2, 3]);
  });

  test("report a refusal, and exit with 1", async () => {
    const { places } = vm([0, 1], originalHost("19.11"));
    const refused = 'The host refused "turbo" for vCPU 0: on the host, journalctl -u vm-power tells why';
    expect(await guest("turbo", places)).toEqual({ code: 1, out: "", err: `${refused}\n` });
    expect(await guest("turbo 0 --json", places)).toEqual({
      code: 1,
      out: `{"results":[{"vcpu":0,"kind":"refused","reason":${JSON.stringify(refused)}}]}\n`,
      err: `${refused}\n`,
    });
  });

  test("report a missing reply, and exit with 5", async () => {
    const { places } = vm([0], originalHost("19.08"));
    expect(await guest("max --timeout 0.05", places)).toEqual({
      code: 5,
      out: "",
      err: "The host received the request on port 0, but did not reply within 50 ms\n",
    });
  });

  test("report a missing port, and exit with 10", async () => {
    expect(await guest("max")).toEqual({
      code: 10,
      out: "",
      err:
        `This guest has no power channel: on the host, give the VM a channel "${PORT}.0", ` +
        "and in this guest the module virtio_console must be loaded\n",
    });
    const { places } = vm([0]);
    expect(await guest("max 0,3", places)).toEqual({
      code: 10,
      out: "vCPU 0: max\n",
      err: `There is no port 3, this guest has 0: on the host, give the VM a channel "${PORT}.3"\n`,
    });
  });
});

test("freq and caps show the host's replies", async () => {
  const { places } = vm([0, 1]);
  await guest("min 1", places);
  expect(await guest("freq -n vm0", places)).toEqual({
    code: 0,
    out: "VCPU     SET TO\n   0  2.301 GHz\n   1  1.200 GHz\n   2  2.301 GHz\n   3  2.301 GHz\n",
    err: "",
  });
  expect((await guest("freq 1 -n vm0 --json", places)).out).toBe(
    '{"vcpus":[{"vcpu":1,"kind":"granted","khz":1200000}]}\n',
  );
  expect(await guest("caps 0 -n vm0", places)).toEqual({
    code: 0,
    out: "VCPU  TURBO  PRIORITY\n   0  yes    no\n",
    err: "",
  });
  const silent = await guest("freq -n other --timeout 0.05", places);
  expect([silent.code, silent.err]).toEqual([
    5,
    "The host did not reply; perhaps this VM may not send queries: on the host, vmpowerctl set-query VM enable allows it\n",
  ]);
});

test("policy send sends every field, policy remove removes the policy", async () => {
  const { places, host, ports } = vm([0]);
  const send =
    "policy send -n vm0 --type traffic --vcpus 0-2 --busy-hours 8-10 --quiet-hours 0,23 --traffic-hours 12 " +
    "--workload medium --mac 52:54:00:00:00:01 52:54:00:00:00:02 --min-packets 1 --avg-packets 2 --max-packets 3 --physical";
  expect(await guest(send, places)).toEqual({ code: 0, out: "The host took the policy\n", err: "" });
  const expected = Buffer.alloc(464);
  expected.writeUInt32LE(3, 12);
  expected.write("vm0", 16);
  expected.set([0x52, 0x54, 0, 0, 0, 1], 48);
  expected.set([0x52, 0x54, 0, 0, 0, 2], 56);
  for (const [i, number] of [2, 1, 2, 3].entries()) expected.writeUInt32LE(number, 128 + 4 * i); // MACs, three thresholds
  expected.set([0, 1, 2], 144);
  expected.set([3], 152);
  expected.fill(0xff, 156, 444); // no hour but
  for (const [i, hour] of [8, 9, 10].entries()) expected.writeUInt32LE(hour, 156 + 4 * i);
  for (const [i, hour] of [0, 23].entries()) expected.writeUInt32LE(hour, 252 + 4 * i);
  expected.writeUInt32LE(12, 348);
  expected.set([1], 444); // physical
  expected.set([1], 448); // medium
  expected.set([0], 452); // traffic
  expect(ports[0]?.sent.at(-1)).toEqual(new Uint8Array(expected));
  expect([...host.policies]).toEqual(["vm0"]);
  expect(await guest("policy remove -n vm0", places)).toEqual({
    code: 0,
    out: "The host was told to remove the policy\n",
    err: "",
  });
  while (host.policies.size > 0) await Bun.sleep(1);
});

test("every failure has its exit status, as vmpowerctl's", () => {
  const kinds = [
    "refused",
    "not-supported",
    "busy",
    "invalid",
    "host-absent",
    "no-permission",
    "unanswered",
    "no-port",
  ] as const;
  expect(kinds.map((kind) => exitCodeOf({ kind, reason: "" }))).toEqual([1, 1, 1, 2, 3, 4, 5, 10]);
});

describe("status", () => {
  test("shows the ports", async () => {
    const { places, ports } = vm([0, 3]);
    const { code, out, err } = await guest("status", places);
    expect({ code, err, out: out.replaceAll(places.virtioPorts, "DIR") }).toEqual({
      code: 0,
      err: "",
      out:
        "kvm-vm\n" +
        `PORT  HOST       HELD BY  DEVICE\n   0  connected  -        DIR/${PORT}.0\n   3  connected  -        DIR/${PORT}.3\n`,
    });
    expect(JSON.parse((await guest("status --json", places)).out)).toEqual({
      env: "kvm-vm",
      ports: [0, 3].map((port, i) => ({ port, path: ports[i]?.path, state: "connected" })),
    });
  });

  test("reports what is missing, with the exit status of a request", async () => {
    const { code, out } = await guest("status --json");
    expect([code, JSON.parse(out).env]).toEqual([10, null]);
  });

  test("on bare metal, lists the CPUs that can be scaled", async () => {
    using machine = temporaryDirectory();
    const cpus = join(machine.path, "cpus");
    makeCpufreqTree(cpus, [{ cpus: [0, 1], driver: "acpi-cpufreq", khz: [2_000_000, 1_000_000] }]);
    expect(await guest("status", { cpus })).toEqual({
      code: 0,
      out: "cpufreq: CPUs 0-1 can be scaled here, without a host\n",
      err: "",
    });
    expect(await guest("min 1", { cpus, journal: join(machine.path, "journal") })).toEqual({
      code: 0,
      out: "vCPU 1: min\n",
      err: "",
    });
    expect(fs.readFileSync(join(cpus, "cpu1/cpufreq/scaling_setspeed"), "utf8").trim()).toBe("1000000");
  });
});

test("watch shows the speeds when they change, until the reader is gone", async () => {
  const { places } = vm([0, 1]);
  const reader = new AbortController();
  let out = "";
  const watching = guest("watch -n vm0 --interval 0.02 --json", places, {
    signal: reader.signal,
    stdout: { write: (text) => (out += text) },
  });
  const lines = () =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).khz);
  while (lines().length < 1) await Bun.sleep(5);
  await guest("min 1", places);
  while (lines().length < 2) await Bun.sleep(5);
  reader.abort();
  expect((await watching).code).toBe(0);
  const top = 2_301_000;
  expect(lines()).toEqual([
    [top, top, top, top],
    [top, 1_200_000, top, top],
  ]);
});

describe("run", () => {
  test("holds the highest speed while a command runs, and returns its exit status", async () => {
    const { places, ports } = vm([0]);
    expect(await guest("run --min-on-idle -- /nonexistent/command", places)).toMatchObject({
      code: 127,
      out: "",
    });
    expect(await guest("run --min-on-idle -- false", places)).toEqual({ code: 1, out: "", err: "" });
    expect(await guest("run --vcpus 0 -- true", places)).toEqual({ code: 0, out: "", err: "" });
    const units = commands(ports[0])
      ?.filter(([command]) => command === 1)
      .map(([, unit]) => unit);
    expect(units).toEqual([3, 4, 3, 4, 3]);
  });

  test("runs the command also without a host, and reports that", async () => {
    const { code, err } = await guest("run -- true");
    expect([code, err]).toEqual([0, expect.stringContaining("This guest has no power channel")]);
  });
});

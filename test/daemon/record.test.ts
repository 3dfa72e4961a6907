import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { frameOf, readRecording } from "../../src/admin/recording.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host?.remove());

const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");
const VMS = "[vm web1]\nVcpus=2\n[vm db]\nVcpus=3\n";
const HEAD = '{"vmPowerRecording":1,"startedAtMs":1,"vms":[{"name":"web1","pins":[[2]]}]}\n';
const file = () => join(host.directory, "web1.rec");

/** Records web1 while it and another VM send packets; returns the output of the command. */
async function recorded(): Promise<{ code: number; out: string }> {
  host = makeTestHost({ sections: VMS });
  const [web1, db] = [host.port("web1", 0), host.port("db", 0)];
  await host.start();
  await Promise.all([web1.ready(), db.ready()]);
  const socket = `${host.directory}/run/control.sock`;
  const recording = Bun.spawn(
    [VMPOWERCTL, "--socket", socket, "record", file(), "--vm", "web1", "--seconds", "1.5", "--json"],
    { stdout: "pipe" },
  );
  await until(() => existsSync(file()) && host.log().includes("began to record"));
  for (const unit of [MIN, DOWN, MAX]) await web1.ask(scale(0, unit), 464);
  await web1.ask(scale(7, MAX), 464);
  await db.ask(scale(0, MIN), 464);
  return { out: await recording.stdout.text(), code: await recording.exited };
}

describe("record and replay", () => {
  test("show what was granted, and what another contract would grant", async () => {
    const { code, out } = await recorded();
    expect([code, JSON.parse(out)]).toEqual([0, { file: file(), packets: 4, lost: 0, full: false }]);
    expect(host.log()).toContain("began to record");
    const before = host.tree.read(2, "scaling_setspeed");
    const replay = (...more: string[]) =>
      host.run("vm-power", "replay", file(), "--config", host.configFile, ...more);
    const without = (text: string) => text.replaceAll(/^ +\d+\.\d{3} /gm, "");
    expect(without(replay().out)).toBe(`web1:0 asked min: granted 1.200 GHz
web1:0 asked down: granted 1.200 GHz
web1:0 asked max: granted 2.301 GHz
web1:7 asked max: refused (it has no vCPU 7, only 1 vCPU)

web1: 3 granted, 0 bounded, 1 refused
The kernel would have been given 2 settings
`);
    host.configure(`${VMS.replace("Vcpus=2\n", "Vcpus=2\nMinKhz=1400000\nMaxKhz=2000000\n")}`);
    expect(without(replay().out).split("\n").slice(0, 3)).toEqual([
      "web1:0 asked min: bounded 1.400 GHz (bounded by MinKhz of its contract)",
      "web1:0 asked down: bounded 1.400 GHz (bounded by MinKhz of its contract)",
      "web1:0 asked max: bounded 2.000 GHz (bounded by MaxKhz of its contract)",
    ]);
    expect(JSON.parse(replay("--json").out.split("\n")[2] ?? "")).toEqual({
      atMs: expect.any(Number),
      vm: "web1",
      vcpu: 0,
      asked: "max",
      outcome: "bounded",
      khz: 2_000_000,
      rule: "bounded by MaxKhz of its contract",
      writes: 1,
    });
    expect(host.tree.read(2, "scaling_setspeed")).toBe(before);
  }, 15_000);

  test("report what cannot be done", async () => {
    await recorded();
    const record = (...args: string[]) => host.run("vmpowerctl", "record", ...args);
    expect(record(file(), "--seconds", "1").err).toBe(`"${file()}" exists already: name another file\n`);
    expect(record("/nowhere/x", "--seconds", "1").err).toBe(
      'Cannot write "/nowhere/x": no such file or directory\n',
    );
    expect([
      record(join(host.directory, "y"), "--vm", "nope").code,
      existsSync(join(host.directory, "y")),
    ]).toEqual([10, false]);
    expect(record("x", "--seconds", "0").code).toBe(2);
    const monitor = host.run(
      "vmpowerctl",
      "--socket",
      `${host.directory}/run/monitor.sock`,
      "record",
      join(host.directory, "z"),
    );
    expect([monitor.code, existsSync(join(host.directory, "z"))]).toEqual([4, false]);
    const replay = (path: string) => host.run("vm-power", "replay", path, "--config", host.configFile);
    expect(replay("/nowhere").err).toBe('Cannot replay "/nowhere": no such file or directory\n');
    expect([
      replay(host.configFile).code,
      replay(host.configFile).err.includes("is not a recording"),
    ]).toEqual([1, true]);
    writeFileSync(file(), `${readFileSync(file(), "utf8")}{"vm":`); // cut off
    expect(replay(file()).code).toBe(0);
  }, 15_000);
});

test("replay lets a slower speed hold when it is due, and a request end that is not repeated", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\nMinDwellMs=1000\nLeaseSec=5\n" });
  const asked = (atMs: number, unit: number) =>
    JSON.stringify({
      ...{ atMs, vm: "web1", channel: 0, length: 464 },
      bytes: Buffer.from(scale(0, unit)).toString("base64"),
    });
  const lines = [asked(0, MAX), asked(100, MIN), asked(2_000, DOWN), asked(9_000, DOWN)];
  await Bun.write(file(), `${HEAD}${lines.join("\n")}\n`);
  const { out } = host.run("vm-power", "replay", file(), "--config", host.configFile);
  expect(out.split("\n").filter((line) => line.includes("asked"))).toEqual([
    "    0.000 web1:0 asked max: granted 2.301 GHz",
    "    0.100 web1:0 asked min: granted 2.301 GHz",
    "    2.000 web1:0 asked down: granted 1.200 GHz",
    // Its want of before has ended, so this is the first step down.
    "    9.000 web1:0 asked down: granted 2.300 GHz",
  ]);
  expect(out).toContain("The kernel would have been given 4 settings");
});

test("record reports a full disk, and leaves no incomplete recording", async () => {
  host = makeTestHost({ sections: VMS });
  const web1 = host.port("web1", 0);
  await host.start();
  await web1.ready();
  // A file may have 1 KiB, enough for the head and some packets; then writing fails as on a full disk.
  const command = 'trap "" XFSZ; ulimit -f 1; exec "$0" --socket "$1" record "$2" --seconds 20';
  const recording = Bun.spawn(
    ["bash", "-c", command, VMPOWERCTL, `${host.directory}/run/control.sock`, file()],
    { stdout: "pipe", stderr: "pipe" },
  );
  await until(() => existsSync(file()) && host.log().includes("began to record"));
  for (let sent = 0; sent < 40 && existsSync(file()); sent++)
    await web1.ask(scale(0, sent % 2 ? MIN : MAX), 464);
  expect([await recording.exited, await recording.stdout.text(), await recording.stderr.text()]).toEqual([
    1,
    "",
    `Cannot write "${file()}": the file would be too large\n`,
  ]);
  expect(existsSync(file())).toBe(false);
}, 15_000);

test.each(["list", "metrics", "status --json", "top --once", "events", "--help", "schema status"])(
  "a failed write to standard output is a failure: %s",
  async (command) => {
    host = makeTestHost();
    await host.start();
    const events = Bun.spawn(
      [
        "sh",
        "-c",
        'exec "$0" "$@" >/dev/full',
        VMPOWERCTL,
        "--socket",
        `${host.directory}/run/control.sock`,
        ...command.split(" "),
      ],
      { stderr: "pipe" },
    );
    const timer = setInterval(() => host.run("vmpowerctl", "set-cpu-freq", "1", "max"), 50);
    await events.exited;
    clearInterval(timer);
    expect([events.exitCode, await events.stderr.text()]).toEqual([
      1,
      "Cannot write to standard output: no space left on the device\n",
    ]);
  },
);

test("readRecording() accepts any text, and returns only valid packets", () => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constant('{"atMs":1,"vm":"a","channel":0,"bytes":"AAA=","length":464}'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const read = readRecording(HEAD + lines.join("\n"));
      if (!read.ok) expect(read.why).toEndWith(" is not a packet");
      else for (const packet of read.value.packets) expect(frameOf(packet).length).toBe(packet.length);
      expect(readRecording(lines.join("\n")).ok).toBe(false);
    }),
  );
  expect(readRecording(`${HEAD}{"atMs":1,"vm":"a","channel":0,"bytes":"","length":465}\n`)).toEqual({
    ok: false,
    why: "line 2 is not a packet",
  });
});

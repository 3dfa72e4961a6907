import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  fchmodSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { LineLimiter } from "../../src/base/line-limiter.ts";
import type { Log } from "../../src/base/log.ts";
import { Departures } from "../../src/daemon/host/departures.ts";
import { OperatorStore } from "../../src/daemon/operators/operator-store.ts";
import { SECOND_LOOK_MS, SecondLooks } from "../../src/daemon/packet/second-looks.ts";
import { resolveGroup, resolveUsers } from "../../src/daemon/users.ts";
import { realTime } from "./time.ts";

let directory: string;
let lines: string[];
const line = (message: string) => void lines.push(message);
const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-parts-"));
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("OperatorStore", () => {
  const file = () => join(directory, "operator.json");

  test("keeps decisions over a restart", () => {
    const store = new OperatorStore(directory, log);
    store.setVm("web.1", { added: true });
    store.setVm("web.1", { query: false, channels: { 3: "disabled" } });
    store.noteCpu(7, { khz: 1_200_000, hold: true });
    store.noteCpu(8, { khz: 1, hold: false });
    store.save();
    store.noteCpu(8, undefined);
    store.save();
    const again = new OperatorStore(directory, log);
    expect([again.vm("web.1"), again.cpus(), [...again.vmNames()]]).toEqual([
      { added: true, query: false, channels: { 3: "disabled" } },
      [[7, { khz: 1_200_000, hold: true }]],
      ["web.1"],
    ]);
  });

  test("moves an unreadable file aside, and logs that", () => {
    writeFileSync(file(), '{"vms": {"a": {"added": "yes"}}, "cpus": {}}');
    expect(new OperatorStore(directory, log).vm("a")).toEqual({});
    expect([existsSync(`${file()}.bad`), lines.length]).toEqual([true, 1]);
  });

  test("removes a VM, also for the next start", () => {
    const store = new OperatorStore(directory, log);
    store.setVm("web1", { added: true });
    store.setVm("wbe1", { added: true });
    store.forgetVm("wbe1");
    expect([...store.vmNames()]).toEqual(["web1"]);
    expect([...new OperatorStore(directory, log).vmNames()]).toEqual(["web1"]);
  });

  test("drops VMs with impossible names that an earlier version kept", () => {
    const long = "x".repeat(3000);
    writeFileSync(
      file(),
      JSON.stringify({ vms: { [long]: { added: true }, "a/b": {}, web1: {} }, cpus: {} }),
    );
    expect([...new OperatorStore(directory, log).vmNames()]).toEqual(["web1"]);
    expect(lines).toEqual([
      `2 decisions of operators are dropped: no VM can have these names: "${"x".repeat(80)}" and others`,
    ]);
  });

  test("loads any content without an exception", () => {
    const json = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ vms: fc.jsonValue(), cpus: fc.jsonValue() }).map((v) => JSON.stringify(v)),
    );
    fc.assert(
      fc.property(json, (text) => {
        writeFileSync(file(), text);
        const store = new OperatorStore(directory, log);
        for (const name of store.vmNames()) store.vm(name);
        store.cpus();
      }),
    );
  });

  test("names like those of Object.prototype are names", () => {
    const store = new OperatorStore(directory, log);
    store.setVm("__proto__", { added: true });
    store.setVm("constructor", { query: true });
    const again = new OperatorStore(directory, log);
    expect([again.vm("constructor"), again.vm("toString")]).toEqual([{ query: true }, {}]);
    expect(again.vm("__proto__")).toEqual({ added: true });
  });

  test("returns a failed write, and then changes nothing", () => {
    const store = new OperatorStore(directory, log);
    store.setVm("a", { added: false });
    store.noteCpu(1, { khz: 1_200_000, hold: true });
    store.save();
    rmSync(directory, { recursive: true });
    const why = `Cannot be remembered over a restart. Cannot write "${file()}": no such file or directory; make the directory "${directory}"`;
    expect(store.setVm("a", { added: true })).toEqual({ ok: false, why });
    expect(store.setVm("b", { added: true })).toEqual({ ok: false, why });
    store.noteCpu(1, undefined);
    expect(store.save()).toEqual({ ok: false, why });
    expect([store.vm("a"), [...store.vmNames()]]).toEqual([{ added: false }, ["a"]]);
    mkdirSync(directory);
    // Noted orders for CPUs are saved with the next decision.
    store.setVm("a", { query: true });
    expect(new OperatorStore(directory, log).cpus()).toEqual([]);
  });

  test("never saves more than it would load", () => {
    const store = new OperatorStore(directory, log);
    const numbers = Array.from({ length: 40_000 }, (_, number) => [number + 10_000, "disabled" as const]);
    const channels = Object.fromEntries(numbers);
    let count = 0;
    while (count < 20 && store.setVm(`${count}`, { channels }).ok) count++;
    // A channel has a line of 25 bytes.
    expect(count).toBe(8);
    const again = new OperatorStore(directory, log);
    expect([...again.vmNames()].length).toBe(8);
    expect(lines.at(-1)).toContain("all decisions together would have 9000344 bytes, more than 8388608");
    store.noteCpu(3, { khz: 1, hold: true });
    expect(store.save().ok).toBe(true);
  });

  test.each<[what: string, plant: () => void]>([
    ["a FIFO", () => void Bun.spawnSync(["mkfifo", file()])],
    ["2 GB long", () => ftruncateSync(openSync(file(), "w"), 2 ** 31)],
    ["a directory", () => mkdirSync(join(file(), "planted"), { recursive: true })],
    ["a link", () => symlinkSync("/dev/zero", file())],
    ["a file that everybody may write", () => fchmodSync(openSync(file(), "w"), 0o666)],
  ])("moves a file aside that is %s, and logs that", (_what, plant) => {
    plant();
    const store = new OperatorStore(directory, log);
    expect(store.setVm("a", { added: true }).ok).toBe(true);
    expect([readdirSync(directory).sort(), new OperatorStore(directory, log).vm("a")]).toEqual([
      ["operator.json", "operator.json.bad"],
      { added: true },
    ]);
    expect(lines).toEqual([expect.stringContaining(`it was moved to "${file()}.bad"`)]);
  });

  test("writes whole files only", () => {
    const store = new OperatorStore(directory, log);
    store.setVm("a", { added: true });
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ vms: { a: { added: true } }, cpus: {} });
    expect(existsSync(`${file()}.new`)).toBe(false);
  });
});

test("LineLimiter passes a few lines per VM and minute, and counts the rest", () => {
  const limiter = new LineLimiter();
  const allowed = (key: string, ms: number) => limiter.allow(key, ms)?.suppressed;
  expect([0, 1, 2, 3, 4, 5, 6].map((ms) => allowed("evil", ms))).toEqual([
    0,
    0,
    0,
    0,
    0,
    undefined,
    undefined,
  ]);
  expect([allowed("good", 7), allowed("evil", 59_999), allowed("evil", 60_000)]).toEqual([0, undefined, 3]);
});

test("resolveUsers() accepts names and numbers, and leaves out unknown users", () => {
  const passwd = join(directory, "passwd");
  writeFileSync(
    passwd,
    "root:x:0:0::/:/bin/sh\nlibvirt-qemu:x:64055:109::/:/bin/false\nbroken\nodd:x:abc:1\n",
  );
  const self = process.getuid?.() ?? -1;
  expect(resolveUsers(["libvirt-qemu", "qemu", "107", "odd", "broken"], passwd)).toEqual(
    new Set([64_055, 107, self]),
  );
  expect(resolveUsers(["root"], join(directory, "none"))).toEqual(new Set([self]));
  expect([resolveGroup("libvirt-qemu", passwd), resolveGroup("nobody", passwd)]).toEqual([64_055, undefined]);
});

test("Departures waits a moment for a guest to reconnect", async () => {
  const left: string[] = [];
  const { alarm } = realTime();
  const departures = new Departures(alarm, (vm) => void left.push(vm));
  departures.changed("flapping", false);
  departures.changed("gone", false);
  departures.changed("gone", false);
  await Bun.sleep(200);
  departures.changed("flapping", true);
  while (alarm.has("departure of gone")) await Bun.sleep(5);
  expect([left, alarm.has("departure of flapping")]).toEqual([["gone"], false]);
  alarm.close();
});

test("SecondLooks asks for one look per VM and interval, however many requests its guest sends", () => {
  const looks: string[] = [];
  const second = new SecondLooks((vm) => looks.push(vm));
  const step = SECOND_LOOK_MS / 10;
  for (let ms = 0; ms < 2 * SECOND_LOOK_MS; ms += step) second.offline("a", 1_000_000 + ms);
  second.offline("b", 1_000_000);
  expect(looks).toEqual(["a", "a", "b"]);
  // The host's clock was set back; the wait does not become longer.
  second.offline("a", 5);
  expect(looks.length).toBe(4);
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";

let host: TestHost;
beforeEach(() => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n[channels]\nAutoAdd=no\n" });
});
afterEach(() => host.remove());

const at = (name: string) => join(host.directory, name);
const plantDirectory = (name: string) => mkdirSync(join(at(name), "planted"), { recursive: true });

describe("a decision that cannot be saved", () => {
  test("gets an error, and is not in force", async () => {
    await host.start();
    rmSync(at("state"), { recursive: true });
    const { code, err } = host.run("vmpowerctl", "add-vm", "web1");
    expect([code, err]).toEqual([
      1,
      `Cannot be remembered over a restart. Cannot write "${at("state/operator.json")}": no such file or directory; make the directory "${at("state")}"\n`,
    ]);
    expect(host.ask("show-vm", "web1")["vm"]).toMatchObject({ added: false });
    mkdirSync(at("state"));
    expect(host.run("vmpowerctl", "add-vm", "web1").code).toBe(0);
    expect(host.ask("show-vm", "web1")["vm"]).toMatchObject({ added: true });
  });

  test("about a speed is reported too", async () => {
    await host.start();
    rmSync(at("state"), { recursive: true });
    const { code, err } = host.run("vmpowerctl", "set-cpu-freq", "1", "1400000", "--hold");
    expect([code, host.ask("show-cpu-freq", "1")]).toMatchObject([
      1,
      { cpus: [{ requestedKhz: 1_400_000 }] },
    ]);
    expect(err).toContain("CPU 1: holds until the daemon ends. Cannot be remembered over a restart");
  });
});

test("Files planted in the daemon's own directories stop neither a start nor a request: they are moved aside and logged", async () => {
  mkdirSync(at("state"));
  Bun.spawnSync(["mkfifo", at("state/operator.json")]);
  const planted = [
    "state/operator.json.new",
    "run/handover",
    "run/handover.new",
    "run/control.sock",
    "run/control.sock.new",
    "run/monitor.sock.new",
    "run/restore/policy2.json",
    "run/restore/policy2.json.new",
  ];
  for (const name of planted) plantDirectory(name);
  await host.start();
  expect(host.run("vmpowerctl", "add-vm", "web1").code).toBe(0);
  const port = host.port("web1", 0);
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  expect(host.tree.read(2, "scaling_setspeed")).toBe("1200000");
  const moved = ["state/operator.json", ...planted].filter((name) => existsSync(`${at(name)}.bad`));
  // There is no handover here, so "handover.new" was not in the way of a file.
  expect(moved).toEqual(["state/operator.json", ...planted.filter((name) => name !== "run/handover.new")]);
  for (const name of moved) expect(host.log()).toContain(`it was moved to "${at(name)}.bad"`);
  host.signal("SIGUSR2");
  expect(await host.end("SIGTERM")).toBe(0);
  expect(existsSync(at("run/handover"))).toBe(true);
  expect(readdirSync(at("run/handover.new.bad"))).toEqual(["planted"]);
});

test("the metrics file never follows a planted link", async () => {
  writeFileSync(at("precious"), "precious");
  const path = at("x.prom");
  Bun.spawnSync(["ln", "-s", at("precious"), `${path}.new`]);
  host.configure(`[metrics]\nTextfile=${path}\n`);
  await host.start();
  expect(readFileSync(path, "utf8")).toContain("vmpower_");
  expect(readFileSync(at("precious"), "utf8")).toBe("precious");
});

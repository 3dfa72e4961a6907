import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, QUICK_BEATS, type TestHost } from "./host.ts";
import { DOWN, MAX, nack, scale } from "./port.ts";
import { ONE_VM, startScaled } from "./scaled.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const governor = (cpu: number) => host.tree.read(cpu, "scaling_governor");

/** The content of every file of the tree. */
function snapshot(): Record<string, string> {
  const files: Record<string, string> = {};
  const root = join(host.directory, "cpu");
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      files[join(entry.parentPath, entry.name)] = readFileSync(
        join(entry.parentPath, entry.name),
        "utf8",
      ).trim();
  }
  return files;
}

/** Starts a daemon that has set CPU 2 to its lowest speed; returns the tree from before. */
async function started(sections = ONE_VM): Promise<Record<string, string>> {
  host = makeTestHost({ sections, env: QUICK_BEATS });
  const found = snapshot();
  await startScaled(host);
  return found;
}

describe("the original settings are restored", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("at %s, which ends the daemon (R6)", async (signal) => {
    const found = await started();
    expect(await host.end(signal)).toBe(0);
    expect(snapshot()).toEqual(found);
    expect(readdirSync(join(host.directory, "run/restore"))).toEqual([]);
  });

  test("after SIGKILL, by the next start (R7)", async () => {
    const found = await started();
    await host.end("SIGKILL");
    expect(snapshot()).not.toEqual(found);
    await host.start();
    expect(snapshot()).toEqual(found);
  });

  test("after SIGKILL, by vm-power restore, and not while a daemon lives", async () => {
    const found = await started();
    const alive = host.run("vm-power", "restore", "--config", host.configFile);
    expect([alive.code, alive.err.includes("vm-power is running")]).toEqual([1, true]);
    expect(speed(2)).toBe("1200000");
    await host.end("SIGKILL");
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
  });

  test("when the VM's channels close, and the VM is served again when they come back (R3)", async () => {
    host = makeTestHost({ sections: ONE_VM });
    const found = snapshot();
    const port = await startScaled(host);
    port.close();
    await until(() => Bun.deepEquals(snapshot(), found));
    expect(snapshot()).toEqual(found);
    const again = host.port("web1", 0);
    await again.ready();
    expect(await again.ask(scale(0, DOWN), 464)).toEqual(scale(0, DOWN));
    expect(speed(2)).toBe("2300000"); // from max, not from where the VM before it stood
  });

  test("except with OnExit=keep, until a later start restores them", async () => {
    const found = await started(`${ONE_VM}[cpufreq]\nOnExit=keep\n`);
    await host.end("SIGTERM");
    expect(speed(2)).toBe("1200000");
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(speed(2)).toBe("1200000"); // kept means kept
    host.configure(ONE_VM);
    await host.start();
    const port = host.port("web1", 1);
    await port.ready();
    await port.ask(scale(0, MAX), 464);
    await host.end("SIGTERM");
    expect(snapshot()).toEqual(found);
  });

  test("except with OnExit=max, which leaves the highest speed", async () => {
    await started(`${ONE_VM}[cpufreq]\nOnExit=max\n`);
    await host.end("SIGTERM");
    expect([speed(2), governor(3)]).toEqual(["2301000", "schedutil"]);
  });
});

describe("beside the daemon", () => {
  test("a second daemon is refused and changes nothing", async () => {
    host = makeTestHost({ sections: ONE_VM });
    const port = await startScaled(host);
    const second = host.run("vm-power", "--config", host.configFile);
    const pid = (host.ask("status") as { pid?: number }).pid;
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringContaining(
        `Another daemon (process ${pid}) uses Root="${host.directory}/cpu": stop that one, or set Root to another directory`,
      ),
    ]);
    expect(speed(2)).toBe("1200000");
    expect(await port.ask(scale(0, MAX), 464)).toEqual(scale(0, MAX));
  });

  test("a CPU can go offline and come back", async () => {
    host = makeTestHost({ sections: ONE_VM });
    const port = await startScaled(host);
    host.tree.setOnline(2, false);
    host.signal("SIGHUP"); // looks at once; without it, within seconds
    await until(() => host.log().includes("CPUs 2 are left alone"));
    expect(await port.ask(scale(0, MAX), 464)).toEqual(nack(scale(0, MAX)));
    host.tree.setOnline(2, true);
    host.signal("SIGHUP");
    const managed = () =>
      (host.ask("show-cpu-freq", "2")["cpus"] as { managed: boolean }[])[0]?.managed === true;
    await until(managed);
    expect(await port.ask(scale(0, DOWN), 464)).toEqual(scale(0, DOWN));
    expect(speed(2)).toBe("2300000");
  });

  test("an order holds again when its CPU was offline, and one that is refused meanwhile does not end it", async () => {
    await started();
    expect(host.run("vmpowerctl", "set-cpu-freq", "3", "1700000", "--hold").code).toBe(0);
    host.tree.setOnline(3, false);
    host.signal("SIGHUP");
    await until(() => host.log().includes("CPUs 3 are left alone"));
    expect(host.run("vmpowerctl", "set-cpu-freq", "3", "max", "--hold").code).not.toBe(0);
    host.tree.setOnline(3, true);
    host.signal("SIGHUP");
    await until(() => speed(3) === "1700000");
  });

  test("another program's change is noticed, logged and overwritten (R9)", async () => {
    await started();
    host.tree.write(2, "scaling_setspeed", "2000000");
    await until(() => host.log().includes('was changed from "1200000" to "2000000" by another program'));
    expect(speed(2)).toBe("1200000");
  });
});

test("settings of operators survive a restart", async () => {
  await started();
  expect(host.run("vmpowerctl", "set-cpu-freq", "0-1", "1700000", "--hold").code).toBe(0);
  await host.end("SIGTERM");
  expect(governor(0)).toBe("schedutil");
  await host.start();
  expect([speed(0), speed(1), speed(3)]).toEqual(["1700000", "1700000", "<unsupported>"]);
  expect(host.run("vmpowerctl", "set-cpu-freq", "0,1", "release").code).toBe(0);
  expect(governor(0)).toBe("schedutil");
});

test("after a SIGKILL at any moment, a start restores the settings", async () => {
  host = makeTestHost({ sections: ONE_VM });
  const found = snapshot();
  const port = host.port("web1", 0);
  for (let round = 0; round < 12; round++) {
    await host.start();
    await until(() => port.connections === round + 1);
    const storm = (async () => {
      for (let i = 0; i < 40; i++) port.send(scale(i % 2, 1 + (i % 6)));
    })().catch(() => {});
    await Bun.sleep(round / 4);
    await host.end("SIGKILL");
    await storm;
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
  }
}, 20_000);

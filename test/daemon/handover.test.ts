import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MIN, scale, UP } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
let witness: Witness;
beforeEach(() => {
  host = makeTestHost({ sections: TWO_VMS });
  witness = watchClocks(host);
});
afterEach(() => {
  witness.close();
  return host.remove();
});

/** CPUs 4 and 5 share a clock: the higher claim wins. */
const TWO_VMS = "[vm web1]\nVcpus=2,4\n[vm db1]\nVcpus=5\n";

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const governor = (cpu: number) => host.tree.read(cpu, "scaling_governor");
const restore = (...options: string[]) =>
  host.run("vm-power", "restore", "--config", host.configFile, ...options);
const handover = () => join(host.directory, "run/handover");

interface Witness {
  /** The contents of the clocks' files, one line for each state that was seen. */
  readonly seen: string[];
  close(): void;
}

/** Reads the files of the clocks all the time, as fast as it can. */
function watchClocks({ tree }: TestHost): Witness {
  const seen: string[] = [];
  const look = () => {
    const now = [2, 4]
      .map((cpu) => `${tree.read(cpu, "scaling_governor")} ${tree.read(cpu, "scaling_setspeed")}`)
      .join(", ");
    if (seen.at(-1) !== now) seen.push(now);
  };
  const timer = setInterval(look, 0);
  return { seen, close: () => clearInterval(timer) };
}

/** Starts a daemon with both VMs at their lowest possible speeds; db1 has the higher claim on their common clock. */
async function startScaled() {
  const ports = [host.port("web1", 0), host.port("db1", 0)] as const;
  await host.start();
  const [web1, db1] = ports;
  await web1.ready();
  await db1.ready();
  await web1.ask(scale(0, MIN), 464);
  await web1.ask(scale(1, MIN), 464);
  await db1.ask(scale(0, DOWN), 464);
  await db1.ask(scale(0, DOWN), 464);
  expect([speed(2), speed(4)]).toEqual(["1200000", "2000000"]);
  return { web1, db1 };
}

/** Does what systemd does at a restart before it starts the next daemon, in the shortest time: both signals at once. */
async function stopToRestart(): Promise<void> {
  host.signal("SIGUSR2");
  expect(await host.end("SIGTERM")).toBe(0);
  expect(restore().code).toBe(0);
}

describe("a restart", () => {
  test("changes no clock, and the next daemon continues with the claims of the guests", async () => {
    const { web1, db1 } = await startScaled();
    await Bun.sleep(5);
    witness.seen.splice(0);
    await stopToRestart();
    await host.start();
    await until(() => web1.connections === 2 && db1.connections === 2);
    await until(() => host.log().includes("Took over from the previous daemon: web1, db1"));
    await Bun.sleep(20);
    expect(witness.seen).toEqual(["userspace 1200000, userspace 2000000"]);
    await web1.ask(scale(0, UP), 464);
    await db1.ask(scale(0, DOWN), 464);
    expect([speed(2), speed(4)]).toEqual(["1400000", "1700000"]);
    expect(existsSync(handover())).toBe(false);
    await host.end("SIGTERM");
    expect([governor(2), governor(4), readdirSync(join(host.directory, "run/restore"))]).toEqual([
      "schedutil",
      "schedutil",
      [],
    ]);
  });

  test("keeps the orders of operators, also those without hold that no guest has ended", async () => {
    await startScaled();
    host.run("vmpowerctl", "set-cpu-freq", "0", "1400000", "--hold");
    host.run("vmpowerctl", "set-cpu-freq", "1,2", "1700000");
    const port = host.port("web1", 1);
    await port.ready();
    await port.ask(scale(0, DOWN), 464); // ends the operator's word on CPU 2
    expect(speed(2)).toBe("1400000");
    await stopToRestart();
    await host.start();
    await until(() => host.log().includes("Took over"));
    expect([speed(0), speed(1), speed(2)]).toEqual(["1400000", "1700000", "1400000"]);
  });

  test("ends the claims of VMs that are gone or have no channels", async () => {
    const { web1, db1 } = await startScaled();
    await stopToRestart();
    db1.close();
    host.configure("[vm db1]\nVcpus=5\n");
    await host.start();
    await until(() => host.log().includes("because they ended before the restart was complete: web1"));
    expect([governor(2), speed(4)]).toEqual(["schedutil", "2000000"]);
    await until(() => governor(4) === "schedutil");
    web1.close();
  });

  test("restores a CPU that is not managed any more", async () => {
    await startScaled();
    await stopToRestart();
    host.configure(`${TWO_VMS}[cpufreq]\nManagedCpus=4-5\n`);
    await host.start();
    expect([governor(2), speed(4)]).toEqual(["schedutil", "2000000"]);
  });

  test("can be followed by another restart before the VMs are known, or by a crash", async () => {
    await startScaled();
    for (const hypervisor of ["Driver=libvirt\nSocket=/nowhere", "Driver=static"]) {
      await stopToRestart();
      host.configure(`${TWO_VMS}[hypervisor]\n${hypervisor}\n`);
      await host.start();
      expect([speed(2), speed(4)]).toEqual(["1200000", "2000000"]);
    }
    await until(() => host.log().includes("Took over from the previous daemon: web1, db1"));
    await host.end("SIGKILL");
    expect(restore().code).toBe(0);
    expect([governor(2), governor(4)]).toEqual(["schedutil", "schedutil"]);
  });
});

describe("a restart while the hypervisor is away", () => {
  const away = () =>
    host.configure(`${TWO_VMS}[hypervisor]\nDriver=libvirt\nSocket=${host.directory}/none\n`);

  test("changes no clock, and serves guests with the last known state of their VMs", async () => {
    const { web1, db1 } = await startScaled();
    await Bun.sleep(5);
    witness.seen.splice(0);
    for (const restart of [2, 3]) {
      await stopToRestart();
      away();
      await host.start();
      await until(() => web1.connections === restart && db1.connections === restart);
      await Bun.sleep(20);
    }
    expect(witness.seen).toEqual(["userspace 1200000, userspace 2000000"]);
    expect(host.log()).toContain(
      "The hypervisor has not reported db1, web1: assumed to be as before the restart",
    );
    await web1.ask(scale(0, UP), 464);
    await db1.ask(scale(0, DOWN), 464);
    expect([speed(2), speed(4)]).toEqual(["1400000", "1700000"]);
    expect(host.ask("show-vm", "web1")["vm"]).toMatchObject({ state: "running" });
  });

  test("ends the claims of a VM whose channels do not come back", async () => {
    const { web1, db1 } = await startScaled();
    await stopToRestart();
    web1.close();
    away();
    await host.start();
    await until(() => db1.connections === 2);
    // Its other vCPU, on db1's clock, has not asked again: it keeps the original settings.
    await until(() => governor(2) === "schedutil" && governor(4) === "schedutil");
    expect(host.log()).toContain("All channels of web1 are closed: its claims end");
    expect(host.log()).not.toContain("All channels of db1");
  });
});

describe("without the next daemon", () => {
  test("vm-power restore does nothing during a restart, except with --kept", async () => {
    await startScaled();
    await stopToRestart();
    expect(speed(2)).toBe("1200000");
    expect(restore("--kept").code).toBe(0);
    expect([governor(2), governor(4)]).toEqual(["schedutil", "schedutil"]);
  });

  test("vm-power restore restores when the handover is a minute old", async () => {
    await startScaled();
    await stopToRestart();
    const left = JSON.parse(readFileSync(handover(), "utf8"));
    writeFileSync(handover(), JSON.stringify({ ...left, bootMs: left.bootMs - 61_000 }), { mode: 0o600 });
    expect(restore().code).toBe(0);
    expect(governor(2)).toBe("schedutil");
  });

  test("vm-power restore works with a configuration that is wrong by now", async () => {
    await startScaled();
    await host.end("SIGKILL");
    host.configure(`${TWO_VMS}[nonsense]\n`);
    const { code, err } = restore();
    expect([code, err.includes("nonsense"), governor(2), governor(4)]).toEqual([
      0,
      true,
      "schedutil",
      "schedutil",
    ]);
  });

  test("SIGUSR2 alone does nothing, and a stop long after it is a stop", async () => {
    await startScaled();
    host.signal("SIGUSR2");
    await Bun.sleep(5100);
    await host.end("SIGTERM");
    expect([governor(2), existsSync(handover())]).toEqual(["schedutil", false]);
  }, 15_000);
});

test.each([
  ["cut short", (text: string) => text.slice(0, -20)],
  ["of another version", (text: string) => text.replace('"version":1', '"version":2')],
  ["with a speed that is none", (text: string) => text.replace('"khz":1200000', '"khz":"fast"')],
  ["with an action that is none", (text: string) => text.replace('"asked":"min"', '"asked":"explode"')],
])("a handover %s is not used: the original settings are restored", async (_what, spoil) => {
  await startScaled();
  await stopToRestart();
  const text = readFileSync(handover(), "utf8");
  expect(spoil(text)).not.toBe(text);
  writeFileSync(handover(), spoil(text), { mode: 0o600 });
  await host.start();
  expect([governor(2), governor(4), existsSync(handover())]).toEqual(["schedutil", "schedutil", false]);
});

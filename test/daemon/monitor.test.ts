import { afterEach, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";

let host: TestHost;
afterEach(() => host.remove());

const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");
const ONE_VM = "[vm web1]\nVcpus=2\n";
const socket = (name: string) => join(host.directory, "run", name);

/** Runs vmpowerctl as a user who is a member of none of the daemon's groups. */
function asNobody(...args: readonly string[]): { code: number; out: string; err: string } {
  const command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", VMPOWERCTL];
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    ...command,
    "--socket",
    socket("control.sock"),
    ...args,
  ]);
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

const cannot =
  process.getuid?.() !== 0
    ? " (skipped where not root)"
    : Bun.which("setpriv") === null
      ? " (skipped without setpriv)"
      : "";

async function start(access: string): Promise<void> {
  host = makeTestHost({ sections: `${ONE_VM}[daemon]\nMonitorAccess=${access}\n` });
  chmodSync(host.directory, 0o755);
  await host.start();
}

test.skipIf(cannot !== "")(
  `with MonitorAccess=everyone every user may read, and change nothing${cannot}`,
  async () => {
    await start("everyone");
    expect(asNobody("list", "--json")).toMatchObject({ code: 0, err: "" });
    expect(asNobody("why", "cpu2").code).toBe(0);
    const refused = asNobody("set-cpu-freq", "2", "min");
    expect([refused.code, refused.err]).toEqual([
      4,
      `No permission to use "${socket("control.sock")}": become root, or a member of group vm-power ` +
        "(or of vm-power-monitor, to read only)\n",
    ]);
    expect(host.tree.read(2, "scaling_governor")).toBe("schedutil");
  },
);

test.skipIf(cannot !== "")(`with MonitorAccess=group no other user may read${cannot}`, async () => {
  await start("group");
  expect(statSync(socket("monitor.sock")).mode & 0o777).toBe(0o660);
  expect(asNobody("list").code).toBe(4);
});

test("a client of the monitor socket may read, and an order gets an error with the remedy", async () => {
  await start("group");
  const ask = (...args: string[]) => host.run("vmpowerctl", "--socket", socket("monitor.sock"), ...args);
  expect(ask("status").code).toBe(0);
  expect([ask("add-vm", "web1").code, ask("add-vm", "web1").err]).toEqual([
    4,
    "You may read, but not change anything: become root, or a member of group vm-power\n",
  ]);
});

test("with MonitorAccess=off there is no monitor socket", async () => {
  await start("off");
  expect(existsSync(socket("monitor.sock"))).toBe(false);
});

test("where the monitor socket is elsewhere, a link leads there as long as the daemon runs, also after a kill", async () => {
  host = makeTestHost();
  const elsewhere = join(host.directory, "elsewhere.sock");
  host.configure(`${ONE_VM}[daemon]\nMonitorSocket=${elsewhere}\n`);
  await host.start();
  expect(readlinkSync(socket("monitor.sock"))).toBe(elsewhere);
  expect(host.run("vmpowerctl", "--socket", socket("monitor.sock"), "status").code).toBe(0);
  await host.end("SIGKILL");
  await host.start();
  expect(host.run("vmpowerctl", "--socket", socket("monitor.sock"), "status").code).toBe(0);
  await host.end("SIGTERM");
  expect(readdirSync(join(host.directory, "run")).filter((name) => name.startsWith("monitor"))).toEqual([]);
});

test("a monitor socket that is named stays there with another RuntimeDirectory, and Cockpit's page finds it", async () => {
  host = makeTestHost();
  const monitor = join(host.directory, "monitor.sock");
  const own = join(host.directory, "own");
  host.configure(`${ONE_VM}[daemon]\nRuntimeDirectory=${own}\nMonitorSocket=${monitor}\n`);
  await host.start();
  for (const path of [monitor, join(own, "monitor.sock")])
    expect(host.run("vmpowerctl", "--socket", path, "status").code).toBe(0);
});

test("a monitor socket that cannot be created ends the start", async () => {
  host = makeTestHost({ sections: `${ONE_VM}[daemon]\nMonitorSocket=/proc/monitor.sock\n` });
  const { code, err } = host.run("vm-power", "--config", host.configFile);
  expect([code, err.includes('Cannot serve "/proc/monitor.sock"')]).toEqual([1, true]);
});

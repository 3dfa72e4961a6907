import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPower } from "../../src/guest/library/power.ts";
import { makeTestHost, type TestHost } from "../daemon/host.ts";
import { until } from "../daemon/until.ts";
import { type JoinedPort, joinedPort } from "./joined-port.ts";
import { type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

const DIST = join(import.meta.dir, "../../dist");
const COMPILED = [join(DIST, "vm-power-guest")];

/** The command as it is packaged: compiled, and as JavaScript. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["compiled", COMPILED],
  ["in Node", withRuntime(Bun.which("node"))],
  ["in Bun", withRuntime(process.execPath)],
];

function withRuntime(runtime: string | null): readonly string[] {
  return runtime === null ? [] : [runtime, join(DIST, "guest-library/command.js")];
}

let host: TestHost;
let ports: TerminalPorts;
let joined: readonly JoinedPort[];

/** vCPU 0 is on CPU 2, vCPU 1 on CPU 3, so no number of the guest equals one of the host. */
beforeEach(async () => {
  host = makeTestHost({
    sections: "[vm web1]\nVcpus=2,3\nQuery=yes\n[energy]\nInterval=1\nPowercap=/none\nHwmon=/none\n",
  });
  ports = terminalPorts();
  joined = [0, 1].map((n) =>
    joinedPort(ports, `virtio.serial.port.poweragent.${n}`, join(host.channels, `web1.${n}`)),
  );
  await host.start();
  await connected();
});
afterEach(async () => {
  for (const port of joined) port.close();
  ports.remove();
  await host.remove();
});

const connected = () => until(() => joined.every((port) => port.connected));
const speeds = () => [2, 3].map((cpu) => host.tree.read(cpu, "scaling_setspeed"));
const FOUND = "<unsupported>";
const GRANTED = { kind: "granted", value: undefined } as const;
const power = (options = {}) =>
  openPower({ places: { virtioPorts: ports.directory }, env: "kvm-vm", answerMs: 3000, ...options });

/** What the daemon has counted for the VM. */
const joules = () =>
  (host.ask("energy") as unknown as { vms: { joules: number }[] }).vms.reduce(
    (sum, vm) => sum + vm.joules,
    0,
  );

/** The command that the tests below run. */
let command: readonly string[] = COMPILED;

/** Runs it as a user of the guest, with a long timeout. */
async function vmPowerGuest(...args: readonly string[]) {
  const child = Bun.spawn(
    [...command, "--ports", ports.directory, "--env", "kvm-vm", "--timeout", "3", ...args],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env["PATH"] ?? "" },
    },
  );
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

describe("our guest and our daemon", () => {
  test("requests of the library set the clock, and it gets the daemon's replies", async () => {
    const guest = power();
    expect([await guest.init(0), await guest.init(1)]).toEqual([GRANTED, GRANTED]);
    expect(speeds()).toEqual([FOUND, FOUND]);
    expect(await guest.freqMin(0)).toEqual(GRANTED);
    expect(speeds()).toEqual(["1200000", FOUND]);
    expect([await guest.freqUp(0), await guest.freqMax(1), await guest.disableTurbo(1)]).toEqual([
      GRANTED,
      GRANTED,
      GRANTED,
    ]);
    expect(speeds()).toEqual(["1400000", "2300000"]);
    expect(await guest.queryFreqs(0, "all")).toEqual({ kind: "granted", value: [1_400_000, 2_300_000] });
    expect(await guest.queryFreqs(0, 1)).toEqual({ kind: "granted", value: [undefined, 2_300_000] });
    const turbo = { turbo: true, priority: false };
    expect(await guest.queryCaps(1, "all")).toEqual({ kind: "granted", value: [turbo, turbo] });
    await guest.unsetEnv();
  });

  test("a vCPU that the VM does not have is refused", async () => {
    const guest = power({ port: 0 });
    await guest.init(7);
    expect((await guest.freqMin(7)).kind).toBe("refused");
    expect(speeds()).toEqual([FOUND, FOUND]);
    await guest.unsetEnv();
  });

  test("the same guest continues after a restart of the daemon", async () => {
    const guest = power({ answerMs: 100 });
    await guest.init(0);
    await guest.freqMin(0);
    await host.end("SIGTERM");
    expect(speeds()).toEqual([FOUND, FOUND]);
    expect((await guest.freqMin(0)).kind).toBe("unanswered"); // a terminal takes it; a port would say that nobody is there
    await host.start();
    await connected();
    expect(await guest.freqDown(0)).toEqual(GRANTED);
    expect(speeds()).toEqual(["2300000", FOUND]);
    await guest.unsetEnv();
  });

  test("hundreds of unread replies do not confuse the next program", async () => {
    const { port } = joined[0] as JoinedPort;
    for (let i = 0; i < 8; i++) port.send(new Uint8Array(464).fill(1, 12, 13));
    const guest = power();
    await guest.init(0);
    expect(await guest.freqMin(0)).toEqual(GRANTED);
    expect(speeds()).toEqual(["1200000", FOUND]);
    await guest.unsetEnv();
  });
});

describe.each(COMMANDS.filter(([, words]) => words.length > 0))(
  "the command %s and our daemon",
  (name, words) => {
    beforeEach(() => {
      command = words;
    });

    test("max sets the highest speed, and a refusal is reported", async () => {
      expect(await vmPowerGuest("min")).toEqual({ code: 0, out: "vCPUs 0-1: min\n", err: "" });
      expect(speeds()).toEqual(["1200000", "1200000"]);
      expect(await vmPowerGuest("max", "1")).toEqual({ code: 0, out: "vCPU 1: max\n", err: "" });
      expect(speeds()).toEqual(["1200000", "2301000"]);
      expect((await vmPowerGuest("freq", "--json")).out).toBe(
        '{"vcpus":[{"vcpu":0,"kind":"granted","khz":1200000},{"vcpu":1,"kind":"granted","khz":2301000}]}\n',
      );
      const policy = await vmPowerGuest("policy", "send", "--vcpus", "0-7");
      expect([policy.code, policy.err]).toEqual([
        1,
        "The host refused the policy: on the host, journalctl -u vm-power tells why\n",
      ]);
      const low = await vmPowerGuest("policy", "send", "--vcpus", "0-1", "--type", "workload");
      expect([low, speeds()]).toEqual([
        { code: 0, out: "The host took the policy\n", err: "" },
        ["1200000", "1200000"],
      ]);
      expect((await vmPowerGuest("policy", "remove")).code).toBe(0);
      await until(() => speeds().every((speed) => speed === FOUND));
      const refused = await vmPowerGuest("max", "5", "--port", "0");
      expect([refused.code, refused.out]).toEqual([1, ""]);
    });

    test("energy is told where the contract allows it", async () => {
      const refused = "The host does not tell: on the host, set Energy=yes in the VM's contract\n";
      expect(await vmPowerGuest("energy")).toEqual({ code: 1, out: "", err: refused });
      expect(host.run("vmpowerctl", "set-contract", "web1", "Energy=yes").code).toBe(0);
      await until(() => joules() > 1);
      const { joules: told, second, metered } = JSON.parse((await vmPowerGuest("energy", "--json")).out);
      expect([Number.isInteger(told), Math.abs(second - Date.now() / 1000) < 60, metered]).toEqual([
        true,
        true,
        false,
      ]);
      expect((await vmPowerGuest("energy")).out).toMatch(
        /^[\d,]+ J up to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z, estimated, because the host has no power meter\n$/,
      );
    });

    test("run holds the highest speed until the command ends, however it ends", async () => {
      await vmPowerGuest("min");
      const running = vmPowerGuest(
        "run",
        "--min-on-idle",
        "--vcpus",
        "0",
        "--",
        "sh",
        "-c",
        "sleep 0.3; exit 7",
      );
      await until(() => speeds()[0] === "2301000");
      expect(await running).toEqual({ code: 7, out: "", err: "" });
      expect(speeds()).toEqual(["1200000", "1200000"]);
    });

    test("run sends its request again to a restarted daemon", async () => {
      const work = join(host.directory, "work");
      writeFileSync(work, "");
      const untilDone = `while [ -e '${work}' ]; do sleep 0.1; done`;
      const running = vmPowerGuest("run", "--min-on-idle", "--vcpus", "0", "--", "sh", "-c", untilDone);
      await until(() => speeds()[0] === "2301000");
      await host.end("SIGKILL");
      await host.start();
      expect(speeds()[0]).toBe(FOUND);
      await until(() => speeds()[0] === "2301000");
      rmSync(work);
      expect((await running).code).toBe(0);
      expect(speeds()[0]).toBe("1200000");
    }, 30_000);

    test("the agent asks for the speed that this machine needs, and for its fallback at the end", async () => {
      const { agent, ended } = startAgent("proc-stat");
      await until(() => speeds()[0] !== FOUND);
      await vmPowerGuest("max", "1");
      agent.kill("SIGTERM");
      expect(await ended()).toEqual([0, ""]);
      expect(speeds()).toEqual(["1200000", "2301000"]);
    });

    test("the agent without a DPDK program tells that it cannot measure; in Node, that it never can", async () => {
      const { agent, ended } = startAgent("dpdk-telemetry");
      if (name === "in Node") {
        const remedy = "install the package vm-power-guest, or use Bun";
        expect(await ended()).toEqual([78, `Source=dpdk-telemetry does not work with Node: ${remedy}\n`]);
        return;
      }
      await until(() => speeds()[0] === "1200000");
      agent.kill("SIGTERM");
      expect(await ended()).toEqual([0, "warning: Cannot measure the load of vCPU 0: Fallback=min\n"]);
    });
  },
);

if (Bun.which("node") === null)
  test.skip("the command in Node and our daemon (skipped: node is not installed)", () => {});

/** Starts the agent; `ended` resolves with its exit status and what it logged. */
function startAgent(source: string) {
  const config = join(host.directory, "guest.conf");
  writeFileSync(config, `[agent]\nPorts=0\nIntervalMs=100\nCooldownMs=0\nSource=${source}\nFallback=min\n`);
  const agent = Bun.spawn(
    [...command, "--ports", ports.directory, "--env", "kvm-vm", "agent", "--config", config],
    { stderr: "pipe", env: {} },
  );
  return { agent, ended: async () => [await agent.exited, await agent.stderr.text()] };
}

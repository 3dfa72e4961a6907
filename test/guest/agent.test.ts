import { afterEach, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { makeAgent } from "../../src/guest/agent/agent.ts";
import { type BusySource, busyPercent, type Counters } from "../../src/guest/agent/busy.ts";
import { AGENT_KEYS, loadAgentConfig } from "../../src/guest/agent/config.ts";
import { decide, type Standing, UNKNOWN } from "../../src/guest/agent/controller.ts";
import { parseStat, procStat } from "../../src/guest/agent/proc-stat.ts";
import { dpdkTelemetry, parseUsage } from "../../src/guest/agent/telemetry.ts";
import { openPower } from "../../src/guest/library/power.ts";
import { guest } from "./harness.ts";
import { originalHost } from "./original-host.ts";
import { telemetryServer } from "./seqpacket-server.ts";
import { type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

const AIM = { targetPercent: 60, deadBandPercent: 15, cooldownMs: 5000 };
const LONG_AGO: Standing = { at: undefined, steps: 0, askedAtMs: 0 };

let ports: TerminalPorts | undefined;
let directory = "";
afterEach(() => {
  ports?.remove();
  ports = undefined;
  if (directory !== "") fs.rmSync(directory, { recursive: true });
  directory = "";
});

function temporary(name: string): string {
  directory = fs.mkdtempSync(join(tmpdir(), "vm-power-agent-"));
  return join(directory, name);
}

describe("decide()", () => {
  const at = (end: "max" | "min", askedAtMs: number): Standing => ({ at: end, steps: 0, askedAtMs });

  test.each([
    ["nothing in the dead band", 60, 10_000, LONG_AGO, undefined],
    ["nothing at its lower edge", 45, 10_000, LONG_AGO, undefined],
    ["nothing at its upper edge", 75, 10_000, LONG_AGO, undefined],
    ["up above it", 76, 10_000, LONG_AGO, "up"],
    ["up also right after another request", 76, 1, LONG_AGO, "up"],
    ["all there is when it is never idle", 97, 1, LONG_AGO, "max"],
    ["that once", 100, 10_000, at("max", 0), undefined],
    ["that again after a while, as the host may have forgotten", 100, 30_000, at("max", 0), "max"],
    ["no step above the highest", 80, 10_000, at("max", 0), undefined],
    ["down below it", 44, 5000, LONG_AGO, "down"],
    ["nothing lower before the cooldown is over", 44, 4999, LONG_AGO, undefined],
    ["the lowest when there is nothing to do", 3, 5000, LONG_AGO, "min"],
    ["that once as well", 0, 10_000, at("min", 0), undefined],
    ["no step below the lowest", 20, 10_000, at("min", 0), undefined],
    ["at first, what fits", 0, 0, UNKNOWN, "min"],
  ] as const)("asks for %s", (_, busy, nowMs, standing, ask) => {
    expect(decide(busy, nowMs, standing, AIM)?.ask).toBe(ask as "up");
  });

  test("stops asking at the end of the longest table, and asks for the end itself from time to time", () => {
    const asked: string[] = [];
    let standing = UNKNOWN;
    for (let second = 0; second < 130; second++) {
      const wish = decide(90, second * 1000, standing, AIM);
      if (wish !== undefined) asked.push(wish.ask);
      standing = wish?.granted ?? standing;
    }
    expect([asked.filter((ask) => ask === "up").length, asked.slice(63)]).toEqual([
      63,
      ["max", "max", "max"],
    ]);
  });

  test("reaches a stable speed on a CPU that gets the speed it asks for", () => {
    // Work that needs this many kHz of a table of ten; the result is the speed at which the agent stays.
    const khz = Array.from({ length: 10 }, (_, i) => 3_000_000 - 200_000 * i);
    fc.assert(
      fc.property(fc.integer({ min: 200_000, max: 2_900_000 }), fc.nat(9), (work, start) => {
        let index = start;
        let standing = UNKNOWN;
        const asked: number[] = [];
        for (let second = 0; second < 300; second++) {
          const busy = Math.min(100, (100 * work) / (khz[index] as number));
          const wish = decide(busy, second * 1000, standing, AIM);
          if (wish === undefined) continue;
          standing = wish.granted;
          const next = { up: index - 1, down: index + 1, max: 0, min: 9 }[wish.ask as "up"];
          if (Math.max(0, Math.min(9, next)) !== index) asked.push(second);
          index = Math.max(0, Math.min(9, next));
        }
        expect(Math.max(0, ...asked)).toBeLessThan(70);
      }),
    );
  });
});

describe("load of a vCPU", () => {
  test("parseStat() reads /proc/stat, and leaves out steal time", () => {
    const text =
      "cpu  900 0 100 9000 0 0 0 0 0 0\n" +
      "cpu0 100 10 20 800 50 5 15 4000 0 0\n" + // user nice system idle iowait irq softirq steal
      "cpu12 1 1 1 1 1 1 1\n" +
      "intr 12345 0 0\n" +
      "cpux 1 2 3\n";
    expect([...parseStat(text)]).toEqual([
      [0, { busy: 150, total: 1000 }],
      [12, { busy: 5, total: 7 }],
    ]);
  });

  test("procStat() reads the file of this machine", async () => {
    const source = procStat();
    const [first, again] = [await source.read(), await source.read()];
    source.close();
    expect((again?.get(0)?.total ?? -1) - (first?.get(0)?.total ?? 0)).toBeGreaterThanOrEqual(0);
  });

  const usage = (value: unknown) => JSON.stringify({ "/eal/lcore/usage": value });

  test("parseUsage() reads the reply of DPDK's telemetry", () => {
    const three = usage({ lcore_ids: [1, 5], total_cycles: [1000, 2000], busy_cycles: [10, 20] });
    expect([...(parseUsage(three) ?? [])]).toEqual([
      [1, { busy: 10, total: 1000 }],
      [5, { busy: 20, total: 2000 }],
    ]);
  });

  test.each([
    "",
    "null",
    "[]",
    "{}",
    usage(null),
    usage({}),
    usage({ lcore_ids: [], total_cycles: [], busy_cycles: [] }),
  ])("parseUsage() treats %j as no reply", (text) => {
    expect(parseUsage(text)).toBeUndefined();
  });

  test("dpdkTelemetry() works with a program that starts and stops", async () => {
    const path = temporary("dpdk_telemetry.v2");
    const source = dpdkTelemetry(path);
    expect(await source.read()).toBeUndefined();
    const asked: string[] = [];
    const serve = (busy: number) =>
      telemetryServer(path, (command) => {
        asked.push(command);
        return usage({ lcore_ids: [1], total_cycles: [1000], busy_cycles: [busy] });
      });
    let server = serve(10);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 10, total: 1000 }]]);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 10, total: 1000 }]]);
    server.close();
    fs.rmSync(path);
    expect(await source.read()).toBeUndefined();
    server = serve(99);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 99, total: 1000 }]]);
    expect(asked).toEqual(["/eal/lcore/usage", "/eal/lcore/usage", "/eal/lcore/usage"]);
    source.close();
    server.close();
  });

  test.each([
    [{ busy: 0, total: 0 }, { busy: 25, total: 100 }, 25],
    [{ busy: 5, total: 100 }, { busy: 5, total: 100 }, undefined], // no time has passed
    [{ busy: 50, total: 100 }, { busy: 5, total: 200 }, undefined], // another program counts from 0
    [undefined, { busy: 5, total: 200 }, undefined],
  ])("busyPercent(%j, %j)", (before, after, percent) => {
    expect(busyPercent(before, after)).toBe(percent as number);
  });
});

describe("the agent", () => {
  /** A source with the values that a test wants, as if a second had passed each time. */
  function playedSource() {
    const busy = new Map<number, number | undefined>();
    const counters = new Map<number, Counters>();
    const source: BusySource = {
      name: "played",
      async read() {
        for (const [vcpu, percent] of busy) {
          const { busy: before, total } = counters.get(vcpu) ?? { busy: 0, total: 0 };
          if (percent === undefined) counters.delete(vcpu);
          else counters.set(vcpu, { busy: before + percent, total: total + 100 });
        }
        return new Map(counters);
      },
      close() {},
    };
    return { busy, source };
  }

  function stage({ fallback = "max" as const } = {}) {
    const made = terminalPorts();
    ports = made;
    const original = originalHost("20.02");
    for (const port of [0, 1]) made.add(`virtio.serial.port.poweragent.${port}`, original.host);
    const lines: string[] = [];
    const line = (text: string) => void lines.push(text);
    const log = { error: line, warning: line, notice: line, info: line, debug: line };
    const played = playedSource();
    let nowMs = 0;
    const power = openPower({
      places: { virtioPorts: made.directory },
      env: "kvm-vm",
      hostMs: 20,
      answerMs: 50,
    });
    const config = loadAgentConfig("/nonexistent/vm-power-guest.conf");
    if (!config.ok) throw new Error("The defaults are wrong");
    const agent = makeAgent(
      { ...config.value, ports: [0, 1], fallback },
      { power, sources: [played.source], log, now: () => nowMs },
    );
    return {
      ...played,
      original,
      lines,
      agent,
      directory: made.directory,
      async seconds(count: number) {
        for (let i = 0; i < count; i++) {
          nowMs += 1000;
          await agent.tick();
        }
      },
    };
  }

  test("asks for the speed that each vCPU needs, and for the fallback at its end", async () => {
    const { busy, original, seconds, agent, lines } = stage();
    busy.set(0, 0).set(1, 80);
    await seconds(2);
    expect(original.index).toEqual([5, 0, 0, 0]);
    busy.set(0, 80).set(1, 30);
    await seconds(3);
    expect(original.index).toEqual([2, 0, 0, 0]); // up at once, down after the cooldown
    busy.set(0, 60);
    await seconds(3);
    expect(original.index).toEqual([2, 1, 0, 0]);
    await agent.stop();
    expect([original.index, lines]).toEqual([[0, 0, 0, 0], []]);
  });

  test("asks for the fallback when it cannot measure, logs that once, and goes on when it can again", async () => {
    const { busy, original, seconds, agent, lines } = stage();
    busy.set(0, 0).set(1, 60);
    await seconds(2);
    expect(original.index[0]).toBe(5);
    busy.set(0, undefined);
    await seconds(10);
    expect([original.index[0], lines]).toEqual([0, ["Cannot measure the load of vCPU 0: Fallback=max"]]);
    busy.set(0, 0);
    await seconds(7);
    expect(original.index[0]).toBe(5);
    await agent.stop();
  });

  test("waits for a missing port, and logs once that it is missing", async () => {
    const { busy, original, seconds, agent, lines, directory: ports } = stage();
    busy.set(0, 0).set(1, 0);
    const port = join(ports, "virtio.serial.port.poweragent.1");
    const terminal = fs.readlinkSync(port);
    fs.rmSync(port);
    await seconds(15);
    expect([original.index, lines]).toEqual([
      [5, 0, 0, 0],
      [
        "vCPU 1 is not scaled: There is no port 1, this guest has 0: on the host, give the VM a channel " +
          '"virtio.serial.port.poweragent.1"',
      ],
    ]);
    fs.symlinkSync(terminal, port);
    await seconds(15);
    expect([original.index, lines.at(-1)]).toEqual([[5, 5, 0, 0], "vCPU 1 is scaled again"]);
    await agent.stop();
  });
});

describe("its configuration", () => {
  const FILE = join(import.meta.dir, "../../etc/vm-power-guest.conf");

  test("shows every key once, in order, with its default and the table's words, and sets nothing", () => {
    const lines = fs.readFileSync(FILE, "utf8").split("\n");
    const shown = lines.flatMap((line, at) => {
      const key = /^#([A-Z]\w*)=(.*)$/.exec(line);
      const comment = lines.slice(0, at).lastIndexOf("") + 1;
      return key === null ? [] : [[key[1], key[2], lines[comment]]];
    });
    expect(shown).toEqual(
      Object.entries(AGENT_KEYS).map(([name, { default: text, doc }]) => [name, text, `# ${doc}`]),
    );
    expect(lines.filter((line) => /^[^#;[]/.test(line))).toEqual([]);
  });

  test("is read, and all errors in it are reported", async () => {
    const path = temporary("guest.conf");
    fs.writeFileSync(path, "[agent]\nPorts=0-2,5\nSource=proc-stat\nFallback=none\nVmName=web1\n");
    expect(loadAgentConfig(path)).toEqual({
      ok: true,
      value: {
        ports: [0, 1, 2, 5],
        source: "proc-stat",
        telemetrySocket: "/var/run/dpdk/rte/dpdk_telemetry.v2",
        intervalMs: 1000,
        targetPercent: 60,
        deadBandPercent: 15,
        cooldownMs: 5000,
        fallback: "none",
        vmName: "web1",
      },
    });
    expect(await guest(`agent --config ${path} --check-config`)).toEqual({
      code: 0,
      out: `${path} is sound\n`,
      err: "",
    });
    fs.writeFileSync(path, "Ports=1\n[agent]\nPort=0\nTargetPercent=100\nSource=proc\n[agnet]\n");
    expect(await guest(`agent --config ${path}`)).toEqual({
      code: 78,
      out: "",
      err:
        `${path}:1: Key "Ports" before any [section] (it belongs in [agent])\n` +
        `${path}:3: Unknown key "Port" (did you mean "Ports"?)\n` +
        `${path}:4: TargetPercent="100" is not a whole number from 5 to 95\n` +
        `${path}:5: Source="proc" is not one of auto, proc-stat, dpdk-telemetry\n` +
        `${path}:6: Unknown section [agnet] (known is [agent])\n`,
    });
  });

  test("as shipped names no port", async () => {
    expect(await guest(`agent --config ${FILE}`)).toEqual({
      code: 78,
      out: "",
      err: `The agent has no port: set Ports= in ${FILE}, like Ports=0\n`,
    });
  });
});

import { afterEach, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { makeAgent } from "../../src/guest/agent/agent.ts";
import type { BusySource, Counters } from "../../src/guest/agent/busy.ts";
import { loadAgentConfig } from "../../src/guest/agent/config.ts";
import { openPower } from "../../src/guest/library/power.ts";
import { originalHost } from "./original-host.ts";
import { type TerminalPorts, terminalPorts } from "./terminal-ports.ts";

let ports: TerminalPorts | undefined;
afterEach(() => {
  ports?.remove();
  ports = undefined;
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

import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { AGENT_KEYS, loadAgentConfig } from "../../src/guest/agent/config.ts";
import { guest } from "./harness.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("the configuration of the agent", () => {
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
    using directory = temporaryDirectory();
    const path = join(directory.path, "guest.conf");
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
        `${path}:1: Key "Ports" stands before any [section] (it belongs in [agent])\n` +
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

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const MONITORING = join(import.meta.dir, "../../packaging/monitoring");
const EXECUTABLE = join(import.meta.dir, "../../dist/vm-power");
const PROMTOOL = Bun.which("promtool");
const noPromtool = PROMTOOL === null ? " (skipped without promtool, Debian's package prometheus)" : "";
const ACTIVATE = Bun.which("systemd-socket-activate");
const PORT = 20_000 + ((process.pid + 7) % 20_000);

/** A daemon whose VM web1 was granted two requests and refused one. */
async function start(sections = ""): Promise<void> {
  host = makeTestHost({ sections: `[vm web1]\nVcpus=2\n${sections}` });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  await port.ask(scale(0, MAX), 464);
  await port.ask(scale(5, MAX), 464);
}

function promtool(command: readonly string[], text: string): { code: number; out: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([PROMTOOL ?? "", ...command], {
    stdin: Buffer.from(text),
  });
  return { code: exitCode, out: `${stdout}${stderr}` };
}

describe("vmpowerctl metrics", () => {
  test("prints every metric, in OpenMetrics", async () => {
    await start();
    const { code, out } = host.run("vmpowerctl", "metrics");
    expect([code, out.endsWith("\n# EOF\n")]).toEqual([0, true]);
    for (const line of [
      'vmpower_requests_total{vm="web1",outcome="granted"} 2',
      'vmpower_requests_total{vm="web1",outcome="refused"} 1',
      'vmpower_channels{status="connected"} 1',
      'vmpower_cpu_requested_hertz{cpu="2"} 2301000000',
      'vmpower_cpu_real_hertz{cpu="2"} 2301000000',
      'vmpower_packet_duration_seconds_count{vm="web1"} 1', // one in eight
      "vmpower_writes_total 2",
      "vmpower_claims 1",
      'vmpower_cpu_transitions_total{cpu="2"} 2',
      'vmpower_vm_transitions_total{vm="web1"} 2',
      'vmpower_vm_bounded_requests_total{vm="web1",by="hold"} 0',
      'vmpower_packet_stage_measured_total{vm="web1",stage="read-back"} 1',
    ])
      expect(out.split("\n")).toContain(line);
    const at = (hertz: string) =>
      Number(
        new RegExp(`^vmpower_vm_speed_seconds_total\\{vm="web1",hertz="${hertz}"\\} (.*)$`, "m").exec(
          out,
        )?.[1],
      );
    expect(at("baseline")).toBeGreaterThan(0);
    expect(at("2301000000")).toBeGreaterThan(0);
  });

  test("has every metric that the dashboard and the alerts use", async () => {
    await start();
    const { out } = host.run("vmpowerctl", "metrics", "--format", "prometheus");
    const told = new Set(out.match(/^vmpower_\w+/gm));
    const asked = ["vm-power-dashboard.json", "vm-power.rules.yml"].flatMap(
      (file) => readFileSync(join(MONITORING, file), "utf8").match(/\bvmpower_\w+/g) ?? [],
    );
    expect(asked.length).toBeGreaterThan(20);
    // What a VM used is told after some readings of a meter; interop/prometheus has them.
    const isTold = (name: string) => told.has(name) || name.startsWith("vmpower_vm_energy_");
    expect(asked.filter((name) => !isTold(name))).toEqual([]);
    expect(JSON.parse(readFileSync(join(MONITORING, "vm-power-dashboard.json"), "utf8")).uid).toBe(
      "vm-power",
    );
  });

  test("refuses an unknown format", async () => {
    await start();
    const { code, err } = host.run("vmpowerctl", "metrics", "--format", "json");
    expect([code, err]).toEqual([2, '--format: "json" is not one of openmetrics, prometheus\n']);
  });

  test.skipIf(noPromtool !== "")(`is what promtool takes${noPromtool}`, async () => {
    await start();
    const { out } = host.run("vmpowerctl", "metrics", "--format", "prometheus");
    expect(promtool(["check", "metrics"], out)).toEqual({ code: 0, out: "" });
    const rules = promtool(["check", "rules", join(MONITORING, "vm-power.rules.yml")], "");
    expect([rules.code, rules.out.includes("SUCCESS: 9 rules found")]).toEqual([0, true]);
  });
});

test("metrics are served over HTTP and written to a file if configured", async () => {
  const textfile = join(mkdtempSync(join(tmpdir(), "vm-power-prom-")), "vm-power.prom");
  await start(`[metrics]\nListen=127.0.0.1:${PORT}\nTextfile=${textfile}\nInterval=1\n`);
  const response = await fetch(`http://127.0.0.1:${PORT}/metrics`);
  expect((await response.text()).includes('outcome="granted"} 2')).toBe(true);
  expect(host.log()).toContain(`Metrics are served on 127.0.0.1:${PORT}`);
  await until(() => readFileSync(textfile, "utf8").includes('outcome="granted"} 2'));
  await host.end("SIGTERM");
  expect(existsSync(textfile)).toBe(false);
  rmSync(dirname(textfile), { recursive: true });
});

test("a port in use is reported, and guests are served nevertheless", async () => {
  const taken = Bun.listen({ hostname: "127.0.0.1", port: PORT, socket: { data() {} } });
  await start(`[metrics]\nListen=127.0.0.1:${PORT}\n`);
  expect(host.log()).toContain(`Cannot serve metrics on 127.0.0.1:${PORT}`);
  taken.stop(true);
});

/** The HTTP reply, once a process listens. */
async function scrapeSoon(url: string): Promise<string> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await Bun.sleep(10);
    }
  }
}

test.skipIf(ACTIVATE === null)(
  `a socket that systemd opened is served${ACTIVATE === null ? " (skipped without systemd-socket-activate)" : ""}`,
  async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
    const activated = Bun.spawn(
      [ACTIVATE ?? "", "-l", `127.0.0.1:${PORT}`, EXECUTABLE, "--config", host.configFile],
      { stderr: "ignore", stdout: "ignore" },
    );
    const text = await scrapeSoon(`http://127.0.0.1:${PORT}/metrics`);
    expect(text).toContain("vmpower_build_info{version=");
    expect(existsSync(join(host.directory, "run/control.sock"))).toBe(true);
    activated.kill("SIGTERM");
    await activated.exited;
  },
);

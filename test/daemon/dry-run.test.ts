import { afterEach, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, nack, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const FOUND = "<unsupported>";
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");

test("[cpufreq] DryRun: guests get replies, everything is logged, and nothing is written", async () => {
  host = makeTestHost({ sections: "[cpufreq]\nDryRun=yes\n[vm web1]\nVcpus=2\nTurbo=no\n" });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
  expect(await port.ask(scale(9, MIN), 464)).toEqual(nack(scale(9, MIN)));
  expect([speed(2), host.tree.read(2, "scaling_governor")]).toEqual([FOUND, "schedutil"]);
  expect(host.ask("status")["dryRun"]).toBe(true);
  expect(host.run("vmpowerctl", "why", "cpu2").out).toContain("1.200 GHz");
  expect(host.run("vmpowerctl", "set-cpu-freq", "3", "min").code).toBe(0);
  expect(host.log()).toContain('Dry run: would write "1200000');
  await host.end("SIGTERM");
  expect([speed(3), readdirSync(join(host.directory, "run")).includes("restore")]).toEqual([FOUND, false]);
});

test("[vm] DryRun: its claims are decided, logged and answered, and change nothing", async () => {
  host = makeTestHost({ sections: "[vm tried]\nVcpus=4\nDryRun=yes\nMaxKhz=2000000\n[vm real]\nVcpus=5\n" });
  const [tried, real] = [host.port("tried", 0), host.port("real", 0)];
  await host.start();
  await Promise.all([tried.ready(), real.ready()]);
  // A VM on the same clock is served as if this one did not exist, not even as a vCPU that never asked.
  await real.ask(scale(0, MIN), 464);
  expect(speed(5)).toBe("1200000");
  expect(await tried.ask(scale(0, MAX), 464)).toEqual(scale(0, MAX));
  const would = "tried asked max for vCPU 0: 2.000 GHz would hold, but this is a dry run";
  await until(() => host.log().includes(would));
  expect(host.run("vmpowerctl", "why", "cpu4").out).toContain(
    "dry run of tried:0: else 2.000 GHz would hold",
  );
  expect(speed(4)).toBe("1200000");
  // It does not end an operator's order.
  host.run("vmpowerctl", "set-cpu-freq", "4", "1700000");
  await tried.ask(scale(0, MIN), 464);
  expect(speed(4)).toBe("1700000");
  expect(host.run("vmpowerctl", "show-vm", "tried").out).toContain("as a dry run");
  // After the dry run its last request takes effect.
  host.configure("[vm tried]\nVcpus=4\nMaxKhz=2000000\n[vm real]\nVcpus=5\n");
  host.run("vmpowerctl", "set-cpu-freq", "4", "release");
  host.signal("SIGHUP");
  await until(() => host.log().includes("Reloaded"));
  await tried.ask(scale(0, MAX), 464);
  expect(speed(4)).toBe("2000000");
});

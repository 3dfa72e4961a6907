import { afterEach, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const VMS = "[vm web1]\nVcpus=2\n[vm db1]\nVcpus=3\n";

function speed(cpu: number): string {
  return host.read(`cpu/cpufreq/policy${cpu}/scaling_setspeed`).trim();
}

test("schedules in force are set at the start and by a reload, give way to a guest, and are shown", async () => {
  host = makeTestHost({
    sections: `${VMS}[schedule quiet]\nVms=web*\nWant=min\n[schedule idle]\nCpus=4\nWant=50%\n`,
  });
  const port = host.port("web1", 0);
  await host.start();
  await until(() => speed(2) === "1200000");
  expect([speed(3), speed(4)]).toEqual(["<unsupported>", "2000000"]);
  expect(host.log()).toContain("Schedule quiet (min for VMs web*) begins");
  expect(host.run("vmpowerctl", "show-vm", "web1").out).toMatch(/0 +2 +1\.200 GHz[^\n]* schedule quiet/);
  expect(host.run("vmpowerctl", "contract", "web1").out).toMatch(
    /^Schedule quiet: min on Mon-Sun in hours 00-23[^;]*; in force; .*test\.conf:5$/m,
  );
  expect(host.run("vmpowerctl", "contract", "db1").out).not.toContain("quiet");
  expect(host.run("vmpowerctl", "why", "4").out).toMatch(/schedule idle +- +2\.000 GHz/);
  expect(host.run("vmpowerctl", "config").out).toContain("[schedule quiet]\nVms=web*");
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  expect(speed(2)).toBe("2301000");
  host.configure(`${VMS}[schedule busy]\nVms=db?\nWant=max\n`);
  host.signal("SIGHUP");
  await until(() => host.log().includes("Reloaded"));
  expect([speed(2), speed(3), speed(4)]).toEqual(["2301000", "2301000", "<unsupported>"]);
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  await host.end("SIGTERM");
  expect([speed(2), speed(3)]).toEqual(["<unsupported>", "<unsupported>"]);
}, 30_000);

test("--check-config names the line of a wrong schedule and what to do", () => {
  host = makeTestHost({ sections: `${VMS}[schedule office]\nVms=web*\nHours=8-25\nWant=max\n` });
  const { code, err, out } = host.run("vm-power", "--check-config", "--config", host.configFile);
  expect(code).toBe(78);
  expect(`${out}${err}`).toMatch(/test\.conf:7: Hours="8-25" is not hours from 0 to 23 like 08-18,22/);
});

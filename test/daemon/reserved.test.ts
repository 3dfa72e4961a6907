import { afterEach, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, nack, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const VMS = "[vm web1]\nVcpus=0,2,4\n[vm *]\nEpp=power\nGovernor=schedutil\n";
const NIGHT = "[schedule night]\nCpus=0-5\nWant=min\n";
const words = (text: string) => text.replace(/\s+/g, " ");

/** Every file of a CPU's cpufreq policy. */
function files(cpu: number): string {
  const names = ["scaling_governor", "scaling_min_freq", "scaling_max_freq", "scaling_setspeed"];
  return names.map((name) => host.tree.read(cpu, name)).join();
}

test("nobody changes a reserved CPU: no guest, operator, schedule or knob; each is told", async () => {
  host = makeTestHost({ sections: `${VMS}${NIGHT}[cpufreq]\nReserved=0-1,5\n` });
  const port = host.port("web1", 0);
  const before = [0, 1, 4, 5].map(files);
  await host.start();
  expect(host.tree.read(2, "scaling_governor")).toBe("userspace");
  expect(host.log()).toContain(
    "CPU 4: left alone too, because of the clock shared with CPU 5, which is in Reserved",
  );
  await port.ready();
  for (const refused of [scale(0, MAX), scale(2, MIN)])
    expect(await port.ask(refused, 464)).toEqual(nack(refused));
  const granted = await port.ask(scale(1, MAX), 464);
  expect(granted).not.toEqual(nack(scale(1, MAX)));
  expect(host.tree.read(2, "scaling_setspeed")).toBe("2301000");
  expect(words(host.run("vmpowerctl", "show-vm", "web1").out)).toContain("CPU 0 is reserved");
  const order = host.run("vmpowerctl", "set-cpu-freq", "0", "max");
  expect([order.code === 0, words(order.err + order.out)]).toEqual([
    false,
    expect.stringContaining("CPU 0 is reserved (Reserved in [cpufreq])"),
  ]);
  expect(words(host.run("vmpowerctl", "status").out)).toContain("2 managed, 4 not (4 reserved)");
  expect(words(host.run("vmpowerctl", "show-cpu-freq").out)).toMatch(/0 .*in Reserved/);
  expect(words(host.run("vmpowerctl", "show-cpu-freq", "4").out)).toContain(
    "shares its clock with CPU 5, which is in Reserved",
  );
  expect([0, 1, 4, 5].map(files)).toEqual(before);
  host.configure(`${VMS}[cpufreq]\nReserved=0\n`);
  host.signal("SIGHUP");
  await until(() => host.log().includes("Not reloaded: a change of Reserved needs"));
  const status = () => host.ask("status")["configProblem"];
  expect(status()).toBe("a change of Reserved needs systemctl restart vm-power");
  host.configure(`${VMS}[cpufreq]\nReserved=0-1,5\nNonsense=1\n`);
  host.signal("SIGHUP");
  await until(() => status() === "it has errors, which vm-power --check-config reports");
  host.configure(`${VMS}[cpufreq]\nReserved=0-1,5\n`);
  host.signal("SIGHUP");
  await until(() => status() === undefined);
  await host.end("SIGTERM");
  expect([0, 1, 4, 5].map(files)).toEqual(before);
}, 30_000);

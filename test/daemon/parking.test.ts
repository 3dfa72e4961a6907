import { afterEach, describe, expect, test } from "bun:test";
import { makeTestHost, QUICK_BEATS, type TestHost } from "./host.ts";
import { MAX, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const WEB = "[vm web1]\nVcpus=2\n";
const FLOATING = "[vm float1]\nVcpus=3,4\n";
const PARK = "[cpufreq]\nReserved=1\nParkAfterSec=1\nParked=";
const words = (text: string) => text.replace(/\s+/g, " ");

/** Governor and wanted speed of every CPU. */
function state(): (string | undefined)[] {
  return [0, 1, 2, 3, 4].map((cpu) => {
    const governor = host.tree.read(cpu, "scaling_governor");
    return governor === "userspace" ? host.tree.read(cpu, "scaling_setspeed") : governor;
  });
}

async function reload(sections: string): Promise<void> {
  const count = () => host.log().split("Reloaded").length;
  const before = count();
  host.configure(sections);
  host.signal("SIGHUP");
  await until(() => count() > before);
}

test("unused CPUs are parked after the time, back before a reload that places a VM there is over, and put back at the end", async () => {
  host = makeTestHost({ sections: `${WEB}${PARK}min\n`, env: QUICK_BEATS });
  const port = host.port("web1", 0);
  const before = state();
  await host.start();
  expect(state()).toEqual(before);
  await until(() => host.log().includes("CPUs 0,3-5 are parked: no VM may run there"));
  expect(state()).toEqual(["1200000", "schedutil", "schedutil", "1200000", "1200000"]);
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  expect(words(host.run("vmpowerctl", "status").out)).toContain("5 managed, 1 not (1 reserved), 4 parked");
  expect(words(host.run("vmpowerctl", "show-cpu-freq", "3").out)).toContain("1.200 GHz parked");
  expect(words(host.run("vmpowerctl", "why", "5").out)).toContain("Parked to min: no VM may run here");
  expect(words(host.run("vmpowerctl", "why", "2").out)).toContain("Used by web1: not parked");
  expect(host.run("vmpowerctl", "metrics").out).toContain("\nvmpower_cpus_parked 4\n");
  // A request is none of parking's business, and another program's change is drift.
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  host.tree.write(3, "scaling_setspeed", "2000000");
  await until(() => host.tree.read(3, "scaling_setspeed") === "1200000");
  await reload(`${WEB}${FLOATING}${PARK}min\n`);
  expect(state()).toEqual(["1200000", "schedutil", "2301000", "schedutil", "schedutil"]);
  expect(host.log()).toContain("CPUs 3-5 are back from parking");
  await reload(`${WEB}${FLOATING}${PARK}keep\n`);
  expect(state()).toEqual(["schedutil", "schedutil", "2301000", "schedutil", "schedutil"]);
  await reload(`${WEB}${PARK}min\n`);
  await until(() => state()[4] === "1200000");
  await host.end("SIGTERM");
  expect(state()).toEqual(before);
}, 30_000);

describe("with a governor", () => {
  test("it is set and watched as those of contracts, and back with the VM", async () => {
    host = makeTestHost({ sections: `${WEB}${PARK}governor nosuch,powersave\n` });
    const before = state();
    await host.start();
    await until(() => state()[4] === "powersave");
    const parked = ["powersave", "schedutil", "schedutil", "powersave", "powersave"];
    expect(state()).toEqual(parked);
    expect(words(host.run("vmpowerctl", "why", "3").out)).toContain("Governor=nosuch,powersave");
    expect(host.run("vmpowerctl", "verify").code).toBe(0);
    expect(host.run("vmpowerctl", "set-cpu-freq", "3", "max").code).toBe(0);
    expect(state()[3]).toBe("2301000");
    host.run("vmpowerctl", "set-cpu-freq", "3", "release");
    expect(state()).toEqual(parked);
    await reload(`${WEB}${FLOATING}${PARK}governor nosuch,powersave\n`);
    expect(state()).toEqual(["powersave", ...before.slice(1)]);
    await host.end("SIGKILL");
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(state()).toEqual(before);
  }, 30_000);
});

test.each([["min"], ["governor powersave"]])(
  "a restart moves no clock of a parked CPU: Parked=%s",
  async (to) => {
    host = makeTestHost({ sections: `${WEB}${PARK}${to}\n` });
    const before = state();
    await host.start();
    await until(() => state()[4] !== "schedutil");
    const parked = state();
    const seen = new Set([`${parked}`]);
    const witness = setInterval(() => seen.add(`${state()}`), 0);
    host.signal("SIGUSR2");
    expect(await host.end("SIGTERM")).toBe(0);
    // Its time must not begin anew.
    host.configure(`${WEB}[cpufreq]\nReserved=1\nParked=${to}\n`);
    await host.start();
    await until(() => host.log().includes("Took over from the previous daemon"));
    expect(state()).toEqual(parked);
    // A VM that is found there at a restart has its CPU at once.
    host.signal("SIGUSR2");
    await host.end("SIGTERM");
    clearInterval(witness);
    expect([...seen]).toEqual([`${parked}`]);
    host.configure(`${WEB}${FLOATING}[cpufreq]\nReserved=1\nParked=${to}\n`);
    await host.start();
    await until(() => state()[4] === "schedutil");
    expect(state()).toEqual([parked[0], ...before.slice(1)]);
    await host.end("SIGTERM");
    expect(state()).toEqual(before);
  },
  30_000,
);

test.each([["min"], ["governor powersave"]])(
  "a stop puts parked CPUs back, also with OnExit=keep: Parked=%s",
  async (to) => {
    host = makeTestHost({ sections: `${WEB}${PARK}${to}\nOnExit=keep\n` });
    const port = host.port("web1", 0);
    const before = state();
    await host.start();
    await port.ready();
    await port.ask(scale(0, MAX), 464);
    await until(() => state()[4] !== "schedutil");
    await host.end("SIGTERM");
    expect(state()).toEqual([...before.slice(0, 2), "2301000", ...before.slice(3)]);
  },
  30_000,
);

test("nothing is parked while the hypervisor cannot be reached, or by default", async () => {
  const away = `[hypervisor]\nDriver=libvirt\nSocket=/nowhere\n${PARK}min\n`;
  for (const sections of [away, WEB]) {
    host = makeTestHost({ sections });
    const before = state();
    await host.start();
    await Bun.sleep(1_300);
    expect(state()).toEqual(before);
    await host.remove();
  }
}, 30_000);

test("wrong values are errors with what is meant", () => {
  host = makeTestHost({ sections: "[cpufreq]\nReserved=0-\nParked=governor\nParkAfterSec=0\n" });
  const { code, err, out } = host.run("vm-power", "--check-config", "--config", host.configFile);
  expect([code, `${out}${err}`.match(/test\.conf:\d+: [^\n]*/g)]).toEqual([
    78,
    [
      'test.conf:2: Reserved="0-" is not a list of CPUs below 8192 like 0-3,8',
      'test.conf:3: Parked="governor" is not keep, min, or governor and 1 to 8 governors like governor powersave,schedutil',
      'test.conf:4: ParkAfterSec="0" is not a whole number from 1 to 86400',
    ],
  ]);
});

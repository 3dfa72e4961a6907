import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MAX, MIN, nack, type Port, packet, scale, TURBO } from "./port.ts";
import { openTerminal, type Session } from "./terminal.ts";

// Published cases of DPDK's test plans beside those of shell.test.ts. Each test names its case.

const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];
const NO_TURBO = 6;

let host: TestHost;
let shell: Session | undefined;
afterEach(async () => {
  shell?.keys("\x04");
  await shell?.ended();
  shell = undefined;
  await host.remove();
});

/** Starts a daemon with one VM, with a channel for vCPU 0. */
async function serve(cpus: readonly TreeCpus[], vcpus: string, env: Record<string, string> = {}) {
  host = makeTestHost({ cpus, sections: `[vm vm0]\nVcpus=${vcpus}\nQuery=yes\n`, env });
  const port = host.port("vm0", 0);
  await host.start();
  await port.ready();
  return port;
}

function openShell(): Session {
  shell = openTerminal(
    "vmpowerctl",
    ["--socket", `${host.directory}/run/control.sock`, "shell"],
    "vmpower> ",
  );
  return shell;
}

const acpi = (cpus: readonly number[]): TreeCpus => ({ cpus, driver: "acpi-cpufreq", khz: KHZ });
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const range = (cpu: number) => [
  host.tree.read(cpu, "scaling_min_freq"),
  host.tree.read(cpu, "scaling_max_freq"),
];

async function grant(port: Port, unit: number, vcpu = 0): Promise<void> {
  expect(await port.ask(scale(vcpu, unit), 464)).toEqual(scale(vcpu, unit));
}

test("vCPUs on the CPUs of socket 1 are mapped to them: VP2", async () => {
  host = makeTestHost({ cpus: [acpi([0, 1, 2, 3, 4, 5, 6, 7])], sections: "[vm vm0]\nVcpus=4-7\n" });
  for (const cpu of [4, 5, 6, 7])
    writeFileSync(`${host.directory}/cpu/cpu${cpu}/topology/physical_package_id`, "1\n");
  const ports = [0, 1, 2, 3].map((number) => host.port("vm0", number));
  await host.start();
  for (const port of ports) await port.ready();
  const shown = await openShell().type("show_vm vm0");
  expect(shown.slice(-4)).toEqual([4, 5, 6, 7].map((cpu, vcpu) => `  [${vcpu}]: Physical CPU ${cpu}`));
  for (const [vcpu, port] of ports.entries()) {
    await grant(port, MIN, vcpu);
    expect(await shell?.type(`show_cpu_freq ${vcpu + 4}`)).toEqual([`Core ${vcpu + 4} frequency: 1200000`]);
  }
  expect([0, 1, 2, 3].map(speed)).toEqual(Array(4).fill("<unsupported>"));
});

/** Two CPUs of 2.7 GHz and two of 2.3 GHz, as on a processor with SST-BF; the highest speed is 3.9 GHz. */
const PRIORITY: readonly TreeCpus[] = [
  {
    cpus: [0, 1],
    driver: "intel_pstate",
    khz: [3_900_000, 800_000],
    baseKhz: 2_300_000,
    files: { base_frequency: "2700000" },
  },
  { cpus: [2, 3], driver: "intel_pstate", khz: [3_900_000, 800_000], baseKhz: 2_300_000 },
];

/** CAPS_LIST: turbo and priority of each vCPU, as the guest CLI prints them. */
async function capabilities(port: Port): Promise<[number, number][]> {
  const list = Buffer.from(await port.ask(packet(464, 0, 0, 9), 184));
  return Array.from({ length: list[176] ?? 0 }, (_, vcpu) => [
    Number(list.readBigUInt64LE(48 + 8 * vcpu)),
    Number(list.readBigUInt64LE(112 + 8 * vcpu)),
  ]);
}

test("capabilities name turbo everywhere and priority on the CPUs with a higher base; 8 and disabled queries are refused: BC3", async () => {
  const port = await serve(PRIORITY, "0-3");
  expect(await capabilities(port)).toEqual([
    [1, 1],
    [1, 1],
    [1, 0],
    [1, 0],
  ]);
  port.send(packet(464, 8, 0, 10));
  await openShell().type("set_query vm0 disable");
  port.send(packet(464, 0, 0, 9));
  expect(await port.silence()).toHaveLength(184); // the answer before; neither query got one
});

describe("TIME policies: PO1", () => {
  /** A time zone in which it is this hour, and for the next seconds too. */
  async function zoneAt(hour: number): Promise<string> {
    const leftMs = 3_600_000 - (Date.now() % 3_600_000);
    if (leftMs < 5000) await Bun.sleep(leftMs + 1);
    const behind = (new Date().getUTCHours() - hour + 24) % 24;
    // These names count against the usual sign: Etc/GMT+5 is five hours behind UTC.
    return behind <= 12 ? `Etc/GMT+${behind}` : `Etc/GMT-${24 - behind}`;
  }

  test.each([
    ["23", [23], 23],
    ["0-23", Array.from({ length: 24 }, (_, hour) => hour), 0],
    ["0-23", Array.from({ length: 24 }, (_, hour) => hour), 13],
    ["4,5-7,23", [4, 5, 6, 7, 23], 6],
  ] as const)(
    "the list %s: busy is max and quiet is min, on exactly the listed vCPUs",
    async (_list, hours, at) => {
      const port = await serve([acpi([0, 1, 2, 3, 4, 5, 6, 7])], "0-7", { TZ: await zoneAt(at) });
      for (const vcpus of [[0], [0, 1, 2, 3, 4, 5, 6, 7]])
        for (const [offset, khz] of [
          [156, "2301000"], // busy_hours
          [252, "1200000"], // quiet_hours
        ] as const) {
          const policy = Buffer.from(packet(464, 0, 0, 3));
          policy.set(vcpus, 144);
          policy[152] = vcpus.length;
          for (const [i, hour] of hours.entries()) policy.writeInt32LE(hour, offset + 4 * i);
          policy.writeUInt32LE(1, 452); // TIME
          expect((await port.ask(policy, 464))[12]).toBe(1);
          const others = Array.from({ length: 8 - vcpus.length }, () => "<unsupported>");
          expect(Array.from({ length: 8 }, (_cpu, cpu) => speed(cpu))).toEqual([
            ...vcpus.map(() => khz),
            ...others,
          ]);
        }
    },
  );
});

test("without turbo the second entry of the list is the highest speed, with turbo the first: PO3, PO4", async () => {
  const port = await serve([acpi([0, 1])], "0,1");
  await grant(port, NO_TURBO);
  expect(speed(0)).toBe("2300000");
  await grant(port, MAX);
  expect(speed(0)).toBe("2300000");
  await grant(port, TURBO);
  expect(speed(0)).toBe("2301000");
});

test("intel_pstate goes through the sequence of the plan, the lower limit always equal to the higher: PS1", async () => {
  await serve([{ cpus: [0, 1], driver: "intel_pstate", khz: [3_500_000, 800_000], baseKhz: 2_300_000 }], "0");
  openShell();
  const seen: unknown[] = [];
  for (const order of ["enable_turbo", "min", "max", "disable_turbo", "enable_turbo", "up", "down"]) {
    await shell?.type(`set_cpu_freq 1 ${order}`);
    seen.push([order, ...range(1)]);
  }
  const [MAX_KHZ, BASE_KHZ] = ["3500000", "2300000"];
  expect(seen.slice(1)).toEqual([
    ["min", "800000", "800000"],
    ["max", MAX_KHZ, MAX_KHZ],
    ["disable_turbo", BASE_KHZ, BASE_KHZ],
    ["enable_turbo", BASE_KHZ, BASE_KHZ],
    ["up", MAX_KHZ, MAX_KHZ],
    ["down", BASE_KHZ, BASE_KHZ],
  ]);
});

describe("priority CPUs (SST-BF)", () => {
  test("both groups of base frequencies are recognised: PB1", async () => {
    const port = await serve(PRIORITY, "0-3");
    const base: (string | undefined)[] = [];
    for (const vcpu of [0, 1, 2, 3]) {
      await grant(port, MAX, vcpu); // intel_pstate begins without turbo
      base.push(host.tree.read(vcpu, "scaling_max_freq"));
    }
    expect(base).toEqual(["2700000", "2700000", "2300000", "2300000"]);
    expect((await capabilities(port)).map(([, priority]) => priority)).toEqual([1, 1, 0, 0]);
  });

  test("with turbo: max, down to the base, and min: PB2", async () => {
    const port = await serve(PRIORITY, "0-3");
    await grant(port, TURBO);
    const seen: unknown[] = [];
    for (const unit of [MAX, DOWN, MIN]) {
      await grant(port, unit);
      seen.push(range(0));
    }
    expect(seen).toEqual([
      ["3900000", "3900000"],
      ["2700000", "2700000"],
      ["800000", "800000"],
    ]);
  });

  test("turbo switched off leads from max to the base: PB3", async () => {
    const port = await serve(PRIORITY, "0-3");
    for (const unit of [TURBO, MAX, NO_TURBO]) await grant(port, unit);
    expect(range(0)).toEqual(["2700000", "2700000"]);
    const beyond = scale(4, MAX);
    expect(await port.ask(beyond, 464)).toEqual(nack(beyond));
  });
});

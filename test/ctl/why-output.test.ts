import { expect, test } from "bun:test";
import type { Cpu } from "../../src/admin/control-types.ts";
import { CPUS, WEB1 } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";
import { shown } from "./shown.ts";

test("why", async () => {
  expect(await shown("why cpu2")).toEqual([
    "CPU 2 runs at 2.300 GHz, set to 2.300 GHz held, turbo on",
    "  Clock    2,6, acpi-cpufreq",
    "  Last     2023-11-14 22:15:00 web.1 vCPU 0 asked max",
    "  Granted  2.300 GHz, ACK",
    "  Rule     highest claim",
    "  Kernel   userspace, limits 1.200–2.300 GHz",
    "  Drift    2023-11-14 22:16:40 another program set cpu2/cpufreq/scaling_setspeed",
    "           from 2300000 to 1200000: it was written again",
    "",
    "WHO    VCPU  WANTS",
    "web.1     0  max (2.300 GHz)",
    "db        0  baseline",
    "",
  ]);
  expect(await shown("why 3", { Explain: () => ({ cpu: CPUS[1] as Cpu, claimants: [] }) })).toEqual([
    "CPU 3 is not managed: no cpufreq directory",
    "  Clock    3",
    "  Last     nobody asked yet",
    "",
    "There is no claim on this clock",
    "",
  ]);
});

test("show-vm and why tell where the time went, and which requests did not get what they asked for", async () => {
  const sinceMs = new Date(2026, 10, 28, 3, 10).getTime();
  const states = [{ khz: 2_300_000, seconds: 620 }, { khz: 1_200_000, seconds: 375.5 }, { seconds: 4.5 }];
  const times = { sinceMs, states, transitions: 1, bounded: 3, held: 1 };
  const told = await shown("show-vm web.1", { ShowVm: () => ({ vm: { ...WEB1, times } }) });
  expect(told.slice(-3)).toEqual([
    "vCPUs were 62 % at 2.300 GHz, 38 % at 1.200 GHz, <1 % at original settings",
    "1 change since THEN, 3 requests bounded, 1 request held",
    "",
  ]);
  const why = await shown("why 3", {
    Explain: () => ({
      ...{ cpu: CPUS[1] as Cpu, claimants: [] },
      times: {
        ...times,
        states: [7, 6, 5, 4, 3, 2].map((khz) => ({ khz: khz * 100_000, seconds: khz })),
        ...{ bounded: 0, held: 0 },
      },
    }),
  });
  expect(why.slice(2, 6)).toEqual([
    expect.anything(),
    "  Time     26 % at 0.700 GHz, 22 % at 0.600 GHz, 19 % at 0.500 GHz, 15 % at",
    "           0.400 GHz, 11 % at 0.300 GHz, 7 % at others",
    "  Changes  1 change since THEN",
  ]);
});

test("why of a CPU that an operator set has no ACK, which only guests get", async () => {
  const operator = {
    atMs: 0,
    by: "operator",
    asked: "max",
    granted: "2301000",
    khz: 2_301_000,
    rule: "by hand",
  };
  const why = async (accepted: boolean) =>
    (
      await shown("why 2", {
        Explain: () => ({ cpu: CPUS[0] as Cpu, claimants: [], last: { ...operator, accepted } }),
      })
    )[3];
  expect([await why(true), await why(false)]).toEqual([
    "  Granted  2.301 GHz",
    "  Granted  2.301 GHz, refused",
  ]);
});

test("why of a vCPU", async () => {
  expect((await shown("why web.1:0")).slice(0, 8)).toEqual([
    "web.1:0 wants 2.300 GHz, on CPU 2",
    "  VM       running (booted), served",
    "  May ask  ≥ 1.200 GHz, turbo, no queries",
    "  Asked    2023-11-14 22:15:00 max",
    "  Rule     as asked: the highest claim on this clock",
    "",
    "CPU 2 runs at 2.300 GHz, set to 2.300 GHz held, turbo on",
    "  Clock    2,6, acpi-cpufreq",
  ]);
  expect(await shown("why web.1:1")).toEqual([
    "web.1:1 wants nothing, on CPU 0-5",
    "  VM       running (booted), served",
    "  May ask  ≥ 1.200 GHz, turbo, no queries",
    "  Asked    nothing that holds",
    "  Refused  2023-11-14 22:13:20 max: not pinned (pin it)",
    "  Problem  not pinned",
    "",
  ]);
});

test("why of a VM shows each of its vCPUs in short", async () => {
  expect(await shown("why web.1")).toEqual([
    "web.1:0 wants 2.300 GHz, on CPU 2",
    "  VM       running (booted), served",
    "  May ask  ≥ 1.200 GHz, turbo, no queries",
    "  Asked    2023-11-14 22:15:00 max",
    "  Rule     as asked: the highest claim on this clock",
    "",
    "web.1:1 wants nothing, on CPU 0-5",
    "  VM       running (booted), served",
    "  May ask  ≥ 1.200 GHz, turbo, no queries",
    "  Asked    nothing that holds",
    "  Refused  2023-11-14 22:13:20 max: not pinned (pin it)",
    "  Problem  not pinned",
    "",
  ]);
  const json = (await ctlWith({}, "--json why web.1")).out.trimEnd().split("\n");
  expect(json.map((line) => JSON.parse(line).vcpu.vcpu)).toEqual([0, 1]);
  const off = { ...WEB1, vcpus: [], detail: "shut down" };
  expect(await shown("why web.1", { ShowVm: () => ({ vm: off }) })).toEqual([
    "VM web.1 has no vCPUs: shut down",
    "",
  ]);
});

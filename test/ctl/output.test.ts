import { expect, test } from "bun:test";
import type { Channel, Cpu } from "../../src/admin/control-types.ts";
import { CHANNELS, CHECKS, CONTRACT, CPUS, HOLDS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";
import { shown, TERMINAL } from "./shown.ts";

test("list, and list --channels", async () => {
  expect(await shown("list")).toEqual([
    "VM     STATE    SERVED  VCPUS  CHANNELS  CONNECTED  CLAIMS",
    "web.1  running  yes         2         2          1       1",
    "db     absent   yes         0         0          0       0",
    "",
  ]);
  expect(await shown("list --channels")).toEqual([
    "VM     CHANNEL  STATUS     PACKETS  REQUESTS  GRANTED  REFUSED",
    "web.1        0  connected      464       120      110        7",
    "web.1        1  refused          -         0      110        7",
    "",
    "! Channel web.1:1 is refused: its socket belongs to uid 1000, who is not trusted",
    "  → add the user to TrustedUsers in [channels]",
    "",
  ]);
  expect(await shown("list", { ListVms: () => ({ vms: [] }) })).toEqual(["No VM is known", ""]);
  expect(await shown("list --channels", { ListChannels: () => ({ channels: [] }) })).toEqual([
    "No channel was found",
    "",
  ]);
});

test("channels that are refused for the same reason are one problem", async () => {
  const channels = Array.from({ length: 15 }, (_, number) => ({ ...(CHANNELS[1] as Channel), number }));
  const other = { ...(CHANNELS[1] as Channel), reason: "it is a symbolic link", remedy: undefined };
  const lines = await shown("status", { ListChannels: () => ({ channels: [...channels, other] }) });
  expect(lines[0]).toBe("vm-power 0.1.0 is running, with 2 problems");
  expect(lines.slice(-5)).toEqual([
    "! 15 channels (web.1:0, web.1:1, web.1:2 and 12 more) are refused: its socket",
    "  belongs to uid 1000, who is not trusted",
    "  → add the user to TrustedUsers in [channels]",
    "! Channel web.1:1 is refused: it is a symbolic link",
    "",
  ]);
});

test("show-vm", async () => {
  expect((await shown("show-vm web.1")).slice(0, 12)).toEqual([
    "web.1  running (booted), served",
    "May ask for ≥ 1.200 GHz, turbo, no queries",
    "",
    "VCPU  CPUS  WANTS      ASKED  AT        PROBLEM",
    "   0  2     2.300 GHz  max    22:15:00",
    "   1  0-5   -          -      -         not pinned",
    "",
    "VM     CHANNEL  STATUS     PACKETS  REQUESTS  GRANTED  REFUSED",
    "web.1        0  connected      464       120      110        7",
    "web.1        1  refused          -         0      110        7",
    "",
    "! Channel web.1:1 is refused: its socket belongs to uid 1000, who is not trusted",
  ]);
  const contract = { turbo: false, query: true, physicalCores: true };
  const absent = {
    ...WEB1,
    state: "absent" as const,
    detail: "",
    added: false,
    contract,
    vcpus: [],
    channels: [],
  };
  expect(await shown("show-vm web.1", { ShowVm: () => ({ vm: absent }) })).toEqual([
    "web.1  absent, not served: vmpowerctl add-vm",
    "May ask for any speed, no turbo, queries, physical CPUs by number",
    "",
    "No channel was found",
    "",
  ]);
});

test("holds", async () => {
  const atMs = new Date(2026, 0, 31, 8, 15).getTime();
  const holds = HOLDS.map((hold) => ({
    ...hold,
    atMs,
    ...(hold.untilMs === undefined ? {} : { untilMs: Date.now() + 7_260_000 }),
  }));
  const wide = { ...TERMINAL, columns: 100 };
  expect(await shown("holds", { ListHolds: () => ({ holds }) }, wide)).toEqual([
    "CPUS  SPEED      SINCE                ENDS IN  WHO                  WHY",
    "2-3   2.300 GHz  2026-01-31 08:15:00  2 h      root (uid 0, pid 7)  x\\x1b",
    "9     1.200 GHz  2026-01-31 08:15:00  -        alice                -",
    "",
  ]);
  expect(await shown("holds", { ListHolds: () => ({ holds: [] }) })).toEqual(["Nothing is held", ""]);
  const held = { ...STATUS, holds: 2 };
  expect((await shown("status", { GetStatus: () => held })).join()).toContain("2 holds: vmpowerctl holds");
});

test("contract", async () => {
  const atMs = new Date(2026, 0, 31, 8, 15).getTime();
  const untilMs = Date.now() + 3 * 3_600_000 + 60_000;
  const [first, second, third, fourth] = CONTRACT;
  const keys = [first, second, { ...third, atMs, untilMs }, fourth] as typeof CONTRACT;
  const GetContract = () => ({ vm: "web.1", known: true, keys, problems: ['There is no class "x"'] });
  const wide = { ...TERMINAL, columns: 100 };
  expect(await shown("contract web.1", { GetContract }, wide)).toEqual([
    "KEY     VALUE   FROM",
    "Class   gold    the VM's metadata",
    "MinKhz  -       built in",
    "MaxKhz  1.8GHz  alice (uid 1000, pid 7), 2026-01-31 08:15:00, for 3 h more: noisy\\x1b",
    "Turbo   no      [vm web-*], /etc/vm-power.conf:3",
    "",
    '! There is no class "x"',
    "",
  ]);
  expect((await shown("contract new1"))[0]).toBe(
    'No VM "new1" is known. For one of that name this would hold:',
  );
});

test("config is a configuration that says the same, with its places", async () => {
  expect(await shown("config")).toEqual([
    "[daemon]",
    "LogLevel=debug  # /etc/vm-power.conf:2",
    "",
    "[hypervisor]",
    "#Socket=",
    "Uri=qemu:///system  # built in",
    "",
    "[vm a;b]",
    'Turbo="no;"  # /etc/x.conf:1',
    "",
  ]);
});

test("show-cpu-freq", async () => {
  const more = { ...(CPUS[1] as Cpu), pcpu: 4 };
  expect(await shown("show-cpu-freq", { ListCpus: () => ({ cpus: [...CPUS, more] }) })).toEqual([
    "CPU        NOW  SET TO          TURBO  RANGE            CLOCK  VMS",
    "  2  2.300 GHz  2.300 GHz held  on     1.200–2.301 GHz  2,6    web.1:0",
    "Not managed: 3-4 (no cpufreq directory)",
    "",
  ]);
});

test("a long error message breaks between words on a terminal", async () => {
  const { err } = await ctlWith({}, ["set-cpu-freq", "2", "fast"], TERMINAL);
  expect(err.split("\n")).toEqual([
    '"fast" is neither a speed like 2.3GHz or 2300000 (kHz) nor one of up, down, min,',
    "  max, turbo, no-turbo, release",
    "",
  ]);
});

test("set-cpu-freq reports a rounded speed, and the hold that it ended", async () => {
  const result = { ok: true, setting: "2300000", khz: 2_300_000 };
  const results = [
    { ...result, pcpu: 2, askedKhz: 2_100_000 },
    { ...result, pcpu: 3, askedKhz: 2_100_000 },
    { ...result, pcpu: 4, endedHold: true },
    { ...result, pcpu: 5 },
    { pcpu: 6, ok: true, setting: "2301000", khz: 2_301_000, askedKhz: 9_000_000, endedHold: true },
  ];
  expect(await shown("set-cpu-freq 2-6 2.1GHz", { SetCpuFreq: () => ({ results }) })).toEqual([
    "CPUs 2-3: 2.300 GHz, rounded up from 2.100 GHz",
    "CPU 4: 2.300 GHz, no longer held",
    "CPU 5: 2.300 GHz",
    "CPU 6: 2.301 GHz, rounded down from 9.000 GHz, no longer held",
    "",
  ]);
});

test("vcpus", async () => {
  expect(await shown("vcpus web.1")).toEqual([
    "VCPU  STATE    CPU TIME  RUNS ON  MAY RUN ON",
    "   0  running    12.3 s        2  2",
    "   1  blocked     0.0 s        5  4-6",
    "   2  offline         -        -  -",
    "",
  ]);
});

test("verify", async () => {
  const { code, out, err } = await ctlWith({}, "verify", TERMINAL);
  expect([code, err]).toEqual([20, ""]);
  expect(out.split("\n")).toEqual([
    "CPUS  SHOULD           NOW  VERDICT",
    "2     2.300 GHz  2.300 GHz  holds",
    "3     2.300 GHz  1.200 GHz  drifted",
    "4     baseline           -  drifted",
    "",
    "2 of 3 CPUs drifted",
    "",
    "! CPU 3: another program changed it; cpu3/cpufreq/scaling_setspeed says 1200000",
    "  instead of 2300000",
    "  → vmpowerctl doctor finds who does it",
    "! CPU 4: the kernel refused it",
    "",
  ]);
  const well = CHECKS.filter(({ ok }) => ok);
  expect(
    await shown("verify", { Verify: () => ({ cpus: [...well, ...well.map((c) => ({ ...c, pcpu: 5 }))] }) }),
  ).toEqual([
    "CPUS  SHOULD           NOW  VERDICT",
    "2,5   2.300 GHz  2.300 GHz  holds",
    "",
    "2 CPUs: all have the settings that they should have",
    "",
  ]);
  expect(await ctlWith({ Verify: () => ({ cpus: [] }) }, "verify", TERMINAL)).toEqual({
    code: 20,
    out: "No CPU is managed: vmpowerctl doctor tells why\n",
    err: "",
  });
});

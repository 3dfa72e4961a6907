import { expect, test } from "bun:test";
import { CHANNELS, CHECKS, CONTRACT, CPUS, HOLDS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";

const TERMINAL = { isTty: true, columns: 80, env: { TERM: "xterm", NO_COLOR: "1" } };
/** Started 3 h before the test runs. */
const startedAtMs = Date.now() - 3 * 3_600_000 - 1_000;

async function shown(command: string, control = {}, io = TERMINAL): Promise<string[]> {
  const { code, out, err } = await ctlWith(control, command, io);
  expect([code, err]).toEqual([0, ""]);
  return out.replace(/since [-0-9]+ [:0-9]+/, "since THEN").split("\n");
}

test("status of a daemon without problems", async () => {
  const well = { ...STATUS, startedAtMs, channelsRefused: 0, counters: { ...STATUS.counters } };
  const counters = {
    ...well.counters,
    refused: 0,
    malformed: 0,
    framingErrors: 0,
    repliesDropped: 0,
    writesRefused: 0,
  };
  expect(await shown("status", { GetStatus: () => ({ ...well, counters }) })).toEqual([
    "vm-power 0.1.0 is running",
    "  Process    4711, since THEN (3 h)",
    "  Hypervisor libvirt qemu:///system, connected, 2 domains",
    "  VMs        2 known, 2 claims",
    "  Channels   2 of 3 connected in /tmp/powermonitor",
    "  CPUs       4 managed",
    "  Requests   120: 110 granted",
    "  Writes     90",
    "",
  ]);
});

test("status shows every problem with its remedy", async () => {
  const bad = {
    ...STATUS,
    startedAtMs,
    hypervisor: {
      ...STATUS.hypervisor,
      state: "unreachable" as const,
      problem: "no socket\x1b[2J",
      domains: 1,
    },
    configProblem: "it has errors",
    attachProblem: "Running VMs with AttachAtStart=yes: 1; the helper is missing: enable it",
    directoryProblem: "others may write to it",
    cpusManaged: 0,
    cpusUnmanaged: 4,
  };
  expect(await shown("status", { GetStatus: () => bad })).toEqual([
    "vm-power 0.1.0 is running, with 6 problems",
    "  Process    4711, since THEN (3 h)",
    "  Hypervisor libvirt qemu:///system, unreachable, 1 domain",
    "  VMs        2 known, 2 claims",
    "  Channels   2 of 3 connected in /tmp/powermonitor",
    "  CPUs       0 managed, 4 not",
    "  Requests   120: 110 granted, 7 refused, 2 malformed, 1 framing error, 3",
    "             replies not read",
    "  Writes     90, 4 refused by the kernel",
    "",
    "! The hypervisor is unreachable: no socket\\x1b[2J",
    "  → known VMs are served with the last known state; systemctl status libvirtd",
    "    virtqemud",
    "! The configuration was not reloaded: it has errors",
    "! Running VMs with AttachAtStart=yes: 1; the helper is missing: enable it",
    "! /tmp/powermonitor: others may write to it",
    "! No CPU can be scaled",
    "  → vmpowerctl show-cpu-freq tells why",
    "! Channel web.1:1 is refused: its socket belongs to uid 1000, who is not trusted",
    "  → add the user to TrustedUsers in [channels]",
    "",
  ]);
});

test("status names Xen, and what may have been overlooked about it", async () => {
  const note = "Driver=xen, but this host was booted without Xen: boot with Xen, or set Driver=auto";
  const hypervisor = { ...STATUS.hypervisor, driver: "xen" as const, uri: "xen", note };
  const status = { ...STATUS, startedAtMs, channelsRefused: 0, hypervisor };
  const lines = await shown("status", { GetStatus: () => status });
  expect([lines[0], lines[2], lines[10], lines[11]]).toEqual([
    "vm-power 0.1.0 is running, with 1 problem",
    "  Hypervisor xen, connected, 2 domains",
    "! Driver=xen, but this host was booted without Xen: boot with Xen, or set",
    "  Driver=auto",
  ]);
});

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
  const channels = Array.from({ length: 15 }, (_, number) => ({ ...(CHANNELS[1] ?? fail()), number }));
  const other = { ...(CHANNELS[1] ?? fail()), reason: "it is a symbolic link", remedy: undefined };
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
  const more = { ...(CPUS[1] ?? fail()), pcpu: 4 };
  expect(await shown("show-cpu-freq", { ListCpus: () => ({ cpus: [...CPUS, more] }) })).toEqual([
    "CPU        NOW  SET TO          TURBO  RANGE            CLOCK  VMS",
    "  2  2.300 GHz  2.300 GHz held  on     1.200–2.301 GHz  2,6    web.1:0",
    "Not managed: 3-4 (no cpufreq directory)",
    "",
  ]);
});

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
  expect(await shown("why 3", { Explain: () => ({ cpu: CPUS[1] ?? fail(), claimants: [] }) })).toEqual([
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
      ...{ cpu: CPUS[1] ?? fail(), claimants: [] },
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
        Explain: () => ({ cpu: CPUS[0] ?? fail(), claimants: [], last: { ...operator, accepted } }),
      })
    )[3];
  expect([await why(true), await why(false)]).toEqual([
    "  Granted  2.301 GHz",
    "  Granted  2.301 GHz, refused",
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

function fail(): never {
  throw new Error("No sample");
}

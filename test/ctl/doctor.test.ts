import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { conform } from "../../src/admin/conform.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Channel, Cpu, Fifo, Finding, Vm } from "../../src/admin/control-types.ts";
import type { Struct } from "../../src/admin/idl.ts";
import { CHANNELS, CHECKS, CPUS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { ctl, ctlWith, type Ran } from "./harness.ts";

const CPU = "/sys/devices/system/cpu";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vm-power-doctor-"));
  mkdirSync(join(root, "tmp/powermonitor"), { recursive: true });
  put("/etc/group", "root:x:0:\nvm-power:x:990:\n");
  put(
    "/proc/4711/limits",
    "Limit                     Soft Limit           Hard Limit           Units\nMax open files            32768                32768                files\n",
  );
  put("/proc/4711/comm", "vm-power\n");
  put(`${CPU}/isolated`, "2-3\n");
  for (const pcpu of [2, 3]) {
    put(`${CPU}/cpu${pcpu}/cpufreq/scaling_driver`, "acpi-cpufreq\n");
    put(`${CPU}/cpu${pcpu}/cpufreq/scaling_available_governors`, "userspace schedutil\n");
    put(`${CPU}/cpu${pcpu}/cpufreq/cpuinfo_max_freq`, "2301000\n");
    put(`${CPU}/cpu${pcpu}/topology/thread_siblings_list`, "2-3\n");
  }
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const [channel, cpu] = [CHANNELS[0] as Channel, CPUS[0] as Cpu];

/** One vCPU pinned to CPU 2, with its channel, and nothing wrong. */
const VM: Vm = { ...WEB1, vcpus: WEB1.vcpus.slice(0, 1), channels: [channel] };
const managed: Cpu[] = [2, 3].map((pcpu) => ({ ...cpu, pcpu, clock: [pcpu] }));

/** A host where the configuration says which VMs there are. */
const ON_STATIC = { status: { hypervisor: { ...STATUS.hypervisor, driver: "static" as const } } };

interface Host {
  vms?: Vm[];
  cpus?: Cpu[];
  channels?: Channel[];
  status?: Partial<typeof STATUS>;
  checks?: typeof CHECKS;
  fifos?: Fifo[];
}

function doctor(
  { vms = [VM], cpus = managed, channels = [channel], status = {}, checks = [], fifos }: Host = {},
  args: string[] = [],
): Promise<Ran> {
  const control = {
    GetStatus: () => ({ ...STATUS, channelsRefused: 0, ...status }),
    ListCpus: () => ({ cpus }),
    ListChannels: () => ({ channels }),
    Verify: () => ({ cpus: checks }),
    ListAskers: () => ({ askers: [], fifos }),
    ListVms: () => ({
      vms: vms.map(({ name }) => ({
        name,
        state: "running" as const,
        added: true,
        vcpus: 1,
        channels: 1,
        connected: 1,
        claims: 0,
      })),
    }),
    ShowVm: ({ vm }: { vm: string }) => ({ vm: vms.find(({ name }) => name === vm) ?? VM }),
  };
  return ctlWith(control, ["doctor", "--root", root, ...args], {
    isTty: true,
    columns: 80,
    env: { NO_COLOR: "1" },
  });
}

test("a host without a fault", async () => {
  expect(await doctor()).toEqual({
    code: 0,
    out: [
      "Nothing needs repair",
      "Nothing is wrong with: daemon, groups, limits, hypervisor, libvirt, AppArmor,",
      "  SELinux, channel directory, channels, channels at the start, FIFOs, channel",
      "  definitions, driver, governor, managed CPUs, firmware, turbo, drift, energy\n" +
        "  preference, knobs, tuners, pins, isolation, SMT, clock domains",
      "",
    ].join("\n"),
    err: "",
  });
});

test("faults come first, with their remedies, then possible improvements", async () => {
  put("/proc/77/comm", "tuned\n");
  put(`${CPU}/cpufreq/boost`, "0\n");
  chmodSync(join(root, "tmp/powermonitor"), 0o777);
  const { code, out, err } = await doctor();
  expect([code, err]).toEqual([20, ""]);
  expect(out.split("\n").slice(0, 9)).toEqual([
    '! Every user may create sockets in "/tmp/powermonitor" and so pose as a VM',
    "  → chmod o-w /tmp/powermonitor",
    "! tuned.service runs: it sets governors and speeds by its profile",
    "  → systemctl disable --now tuned",
    "* Turbo is switched off for the whole host: guests that ask for it are refused",
    "  → echo 1 > /sys/devices/system/cpu/cpufreq/boost",
    "",
    "2 things need repair",
    "Nothing is wrong with: daemon, groups, limits, hypervisor, libvirt, AppArmor,",
  ]);
});

/** One fault each: the check that finds it, its verdict, and a part of its remedy. */
const FAULTS: readonly [string, Finding["verdict"], string, () => unknown][] = [
  ["groups", "repair", "groupadd --system vm-power", () => put("/etc/group", "root:x:0:\n")],
  [
    "limits",
    "repair",
    "LimitNOFILE=",
    () => put("/proc/4711/limits", "Max open files            100    100   files\n"),
  ],
  [
    "libvirt",
    "repair",
    "systemctl status libvirtd",
    () => ({ status: { hypervisor: { ...STATUS.hypervisor, state: "unreachable", problem: "no socket" } } }),
  ],
  [
    "AppArmor",
    "repair",
    "abstractions/libvirt-qemu",
    () => {
      put("/sys/module/apparmor/parameters/enabled", "Y\n");
      put(
        "/var/log/kern.log",
        'audit: apparmor="DENIED" operation="mknod" name="/tmp/powermonitor/web.1.0"\n',
      );
    },
  ],
  ["SELinux", "advice", "semanage fcontext", () => put("/sys/fs/selinux/enforce", "1")],
  [
    "SELinux",
    "repair",
    "restorecon",
    () => {
      put("/sys/fs/selinux/enforce", "1");
      put("/var/log/audit/audit.log", 'type=AVC avc:  denied  { write } path="/tmp/powermonitor/web.1.0"\n');
    },
  ],
  [
    "channel directory",
    "repair",
    "systemd-tmpfiles --create",
    () => rmSync(join(root, "tmp/powermonitor"), { recursive: true }),
  ],
  [
    "channel directory",
    "repair",
    "systemd-tmpfiles --create",
    () => ({ status: { directoryProblem: "belongs to 1000" } }),
  ],
  ["channels", "repair", "TrustedUsers", () => ({ channels: [...CHANNELS] })],
  [
    "channels at the start",
    "repair",
    "systemctl enable",
    () => ({ status: { attachProblem: "The helper is not there: systemctl enable it" } }),
  ],
  ["FIFOs", "advice", "FIFOS", () => ({ fifos: [] })],
  [
    "FIFOs",
    "repair",
    "chmod o-w fifo2",
    () => ({
      fifos: [
        { cpu: 1, path: "/tmp/powermonitor/fifo1" },
        {
          ...{ cpu: 2, path: "/tmp/powermonitor/fifo2" },
          ...{ reason: "can be written by everyone", remedy: "chmod o-w fifo2" },
        },
      ],
    }),
  ],
  [
    "channel definitions",
    "repair",
    "vmpowerctl channel-config web.1 --vcpus 2 --apply",
    () => ({ vms: [{ ...VM, vcpus: [0, 1].map((vcpu) => ({ vcpu, pcpus: [2] })) }] }),
  ],
  [
    "channel definitions",
    "repair",
    "vmpowerctl channel-config web.1 --vcpus 2 --format qemu",
    () => ({ ...ON_STATIC, vms: [{ ...VM, vcpus: [0, 1].map((vcpu) => ({ vcpu, pcpus: [2] })) }] }),
  ],
  [
    "driver",
    "repair",
    "modprobe acpi-cpufreq",
    () => rmSync(join(root, `${CPU}/cpu3/cpufreq/scaling_driver`)),
  ],
  [
    "governor",
    "repair",
    "modprobe cpufreq_userspace",
    () => put(`${CPU}/cpu3/cpufreq/scaling_available_governors`, "schedutil\n"),
  ],
  [
    "managed CPUs",
    "repair",
    "ManagedCpus=",
    () => ({ cpus: [...managed, { ...cpu, pcpu: 4, managed: false, reason: "no frequencies" }] }),
  ],
  [
    "managed CPUs",
    "advice",
    "Reserved=",
    () => ({
      cpus: [
        ...managed,
        { ...cpu, pcpu: 4, managed: false, reason: "in Reserved" },
        {
          ...cpu,
          pcpu: 5,
          managed: false,
          reason: "shares its clock with CPU 4, which is in Reserved",
        },
      ],
    }),
  ],
  ["firmware", "advice", "power cap", () => put(`${CPU}/cpu2/cpufreq/bios_limit`, "1800000\n")],
  ["turbo", "advice", "no_turbo", () => put(`${CPU}/intel_pstate/no_turbo`, "1\n")],
  ["drift", "repair", "vmpowerctl verify", () => ({ checks: CHECKS })],
  [
    "energy preference",
    "advice",
    "amd_pstate/dynamic_epp",
    () => put(`${CPU}/amd_pstate/dynamic_epp`, "enabled\n"),
  ],
  [
    "energy preference",
    "advice",
    "cpufreq/policy*/dynamic_epp",
    () => put(`${CPU}/cpu3/cpufreq/dynamic_epp`, "enabled\n"),
  ],
  [
    "energy preference",
    "repair",
    "amd_pstate/dynamic_epp",
    () => {
      put(`${CPU}/amd_pstate/dynamic_epp`, "enabled\n");
      return { vms: [{ ...VM, contract: { ...VM.contract, epp: "power" } }] };
    },
  ],
  [
    "knobs",
    "advice",
    "vmpowerctl contract",
    () => ({ cpus: managed.map((each) => ({ ...each, knobsMissing: ["Epp=power: not offered"] })) }),
  ],
  [
    "tuners",
    "repair",
    "systemctl disable --now power-profiles-daemon",
    () => put("/proc/9/comm", "power-profiles-\n"),
  ],
  [
    "tuners",
    "repair",
    "systemctl disable --now cpupower",
    () => put("/etc/systemd/system/multi-user.target.wants/cpupower.service", ""),
  ],
  ["tuners", "advice", "IRQBALANCE_BANNED_CPULIST", () => put("/proc/9/comm", "irqbalance\n")],
  [
    "pins",
    "repair",
    "vmpowerctl pin-vcpu web.1 1 CPU --live --config",
    () => ({ vms: [{ ...WEB1, channels: [channel, { ...channel, number: 1 }] }] }),
  ],
  [
    "pins",
    "repair",
    "Vcpus= of [vm web.1]",
    () => ({ ...ON_STATIC, vms: [{ ...WEB1, channels: [channel, { ...channel, number: 1 }] }] }),
  ],
  ["isolation", "advice", "isolcpus=2", () => put(`${CPU}/isolated`, "\n")],
  [
    "SMT",
    "advice",
    "smt/control",
    () => ({ vms: [VM, { ...VM, name: "db", vcpus: [{ vcpu: 0, pcpus: [3] }] }] }),
  ],
  [
    "clock domains",
    "advice",
    "clocks of its own",
    () => {
      put(`${CPU}/cpu2/topology/thread_siblings_list`, "2\n");
      put(`${CPU}/cpu3/topology/thread_siblings_list`, "3\n");
      return {
        vms: [VM, { ...VM, name: "db", vcpus: [{ vcpu: 0, pcpus: [3] }] }],
        cpus: managed.map((each) => ({ ...each, clock: [2, 3] })),
      };
    },
  ],
];

test.each(FAULTS)("%s: %s, %s", async (check, verdict, remedy, spoil) => {
  const { code, out } = await doctor((spoil() ?? {}) as Host, ["--json"]);
  const report = JSON.parse(out) as { findings: Finding[] };
  expect(report.findings.filter((finding) => finding.verdict !== "good")).toEqual([
    { check, verdict, what: expect.any(String), remedy: expect.stringContaining(remedy) },
  ]);
  expect(code).toBe(verdict === "repair" ? 20 : 0);
  const published = { types: CONTROL.types, open: false };
  expect(conform(report, CONTROL.types.get("DoctorReport") as Struct, published)).toBeUndefined();
});

/** What doctor says on a Xen host with a daemon of these replies. */
async function onXen(host: Host & { hypervisor?: Partial<(typeof STATUS)["hypervisor"]> }) {
  put("/sys/hypervisor/type", "xen\n");
  put("/sys/hypervisor/properties/features", "00002f05");
  const { hypervisor: part, ...rest } = host;
  const hypervisor = { ...STATUS.hypervisor, driver: "xen" as const, ...part };
  const { out } = await doctor({ ...rest, status: { hypervisor, ...rest.status } }, ["--json"]);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return findings.filter(({ verdict }) => verdict !== "good");
}

test("on Xen nothing is asked of dom0's own cpufreq, and a host without a fault has none", async () => {
  rmSync(join(root, CPU), { recursive: true });
  expect(await onXen({})).toEqual([]);
});

const REASON =
  'Xen does not scale CPUs (it was booted with "cpufreq=none"): boot Xen with cpufreq=xen:userspace';
const FIRST =
  "vmpowerctl channel-config web.1 --format xl prints channel= with a first entry that may be lost";
const NOTE = "Xen is installed, but this host was booted without it: boot with Xen, or set Driver=libvirt";

test.each([
  [
    "Xen's clocks",
    "repair",
    'CPU 2: Xen does not scale CPUs (it was booted with "cpufreq=none")',
    "boot Xen with cpufreq=xen:userspace",
    { cpus: [{ ...cpu, pcpu: 2, clock: [2], managed: false, reason: REASON }] },
  ],
  [
    "P-states",
    "repair",
    "Nobody tells Xen the P-states of the CPUs: xen-acpi-processor is not loaded",
    "modprobe xen-acpi-processor && echo xen-acpi-processor > /etc/modules-load.d/vm-power.conf",
    { status: { cpusManaged: 0 } },
  ],
  [
    "first channel",
    "repair",
    "web.1 has no channel 0: xl loses the first entry of channel=",
    FIRST,
    { vms: [{ ...VM, vcpus: [], channels: [{ ...channel, number: 1 }] }] },
  ],
  [
    "first channel",
    "advice",
    "web.1 has no channel. If its configuration has one, xl lost it: it loses the first entry of channel=",
    FIRST,
    {
      vms: [
        { ...VM, channels: [] },
        { ...VM, name: "Domain-0", channels: [] },
      ],
    },
  ],
  [
    "pins",
    "repair",
    "web.1:1: no pinning",
    "vmpowerctl pin-vcpu web.1 1 CPU --live, and cpus= in its configuration",
    {
      vms: [
        {
          ...VM,
          vcpus: [...VM.vcpus, { vcpu: 1, pcpus: [2, 3], problem: "no pinning" }],
          channels: [channel, { ...channel, number: 1 }],
        },
      ],
    },
  ],
  [
    "channel definitions",
    "repair",
    "web.1 has 2 vCPUs, but no channel for 1 of them",
    "vmpowerctl channel-config web.1 --vcpus 2 --format xl, then restart the VM",
    { vms: [{ ...VM, vcpus: [0, 1].map((vcpu) => ({ vcpu, pcpus: [2] })) }] },
  ],
  [
    "hypervisor",
    "repair",
    "xenstored is not running",
    "systemctl start xenstored",
    { hypervisor: { problem: "xenstored is not running: systemctl start xenstored" } },
  ],
] as const)("on Xen, %s: %s, %s", async (check, verdict, what, remedy, host) => {
  expect(await onXen(host as never)).toEqual([{ check, verdict, what, remedy }]);
});

test("a host that was booted without Xen is named", async () => {
  const { out } = await doctor({ status: { hypervisor: { ...STATUS.hypervisor, note: NOTE } } }, ["--json"]);
  expect(
    (JSON.parse(out) as { findings: Finding[] }).findings.filter(({ verdict }) => verdict !== "good"),
  ).toEqual([
    {
      check: "hypervisor",
      verdict: "repair",
      what: "Xen is installed, but this host was booted without it",
      remedy: "boot with Xen, or set Driver=libvirt",
    },
  ]);
});

test("without a daemon, the other checks run, and the missing daemon is a finding", async () => {
  const { code, out, err } = await ctl(["--socket", "/nowhere", "doctor", "--root", root, "--json"]);
  expect([code, err]).toEqual([20, ""]);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const by = (verdict: Finding["verdict"]) =>
    findings.filter((each) => each.verdict === verdict).map(({ check }) => check);
  expect(findings[0]).toEqual({
    check: "daemon",
    verdict: "repair",
    what: 'vm-power is not running (no socket at "/nowhere")',
    remedy: "systemctl start vm-power",
  });
  expect(by("repair")).toEqual(["daemon", "libvirt"]);
  expect(by("unknown")).toEqual([
    "limits",
    "hypervisor",
    "channels",
    "channels at the start",
    "FIFOs",
    "channel definitions",
    "managed CPUs",
    "drift",
    "knobs",
    "pins",
    "isolation",
    "SMT",
    "clock domains",
  ]);
});

test("unreadable files of the host end nothing, and hostile names are escaped", async () => {
  expect((await ctl(["--socket", "/nowhere", "doctor", "--root", "/nowhere"])).code).toBe(20);
  const evil = "a\u001b[2J";
  const { out } = await doctor({
    vms: [{ ...VM, name: evil, vcpus: [0, 1].map((vcpu) => ({ vcpu, pcpus: [2] })) }],
  });
  expect(out).toContain("a\\x1b[2J has 2 vCPUs, but no channel for 1 of them");
});

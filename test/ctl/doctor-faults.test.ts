import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { conform } from "../../src/admin/conform.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import type { Finding } from "../../src/admin/control-types.ts";
import type { Struct } from "../../src/admin/idl.ts";
import { CHANNELS, CHECKS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { CPU, channel, cpu, doctorHost, managed, type Replies, VM } from "./doctor-host.ts";

const host = doctorHost();
const { put, doctor } = host;

/** A host where the configuration says which VMs there are. */
const ON_STATIC = { status: { hypervisor: { ...STATUS.hypervisor, driver: "static" as const } } };

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
    () => rmSync(host.in("tmp/powermonitor"), { recursive: true }),
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
  ["driver", "repair", "modprobe acpi-cpufreq", () => rmSync(host.in(`${CPU}/cpu3/cpufreq/scaling_driver`))],
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
  const { code, out } = await doctor((spoil() ?? {}) as Replies, ["--json"]);
  const report = JSON.parse(out) as { findings: Finding[] };
  expect(report.findings.filter((finding) => finding.verdict !== "good")).toEqual([
    { check, verdict, what: expect.any(String), remedy: expect.stringContaining(remedy) },
  ]);
  expect(code).toBe(verdict === "repair" ? 20 : 0);
  const published = { types: CONTROL.types, open: false };
  expect(conform(report, CONTROL.types.get("DoctorReport") as Struct, published)).toBeUndefined();
});

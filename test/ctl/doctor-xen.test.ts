import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { Finding } from "../../src/admin/control-types.ts";
import { STATUS } from "../admin/sample-control.ts";
import { CPU, channel, cpu, doctorHost, type Replies, VM } from "./doctor-host.ts";

const host = doctorHost();
const { put, doctor } = host;

/** What doctor says on a Xen host with a daemon of these replies. */
async function onXen(replies: Replies & { hypervisor?: Partial<(typeof STATUS)["hypervisor"]> }) {
  put("/sys/hypervisor/type", "xen\n");
  put("/sys/hypervisor/properties/features", "00002f05");
  const { hypervisor: part, ...rest } = replies;
  const hypervisor = { ...STATUS.hypervisor, driver: "xen" as const, ...part };
  const { out } = await doctor({ ...rest, status: { hypervisor, ...rest.status } }, ["--json"]);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return findings.filter(({ verdict }) => verdict !== "good");
}

test("on Xen nothing is asked of dom0's own cpufreq, and a host without a fault has none", async () => {
  rmSync(host.in(CPU), { recursive: true });
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
] as const)("on Xen, %s: %s, %s", async (check, verdict, what, remedy, replies) => {
  expect(await onXen(replies as never)).toEqual([{ check, verdict, what, remedy }]);
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

import { expect, test } from "bun:test";
import { STATUS } from "../admin/sample-control.ts";
import { shown } from "./shown.ts";

/** Started 3 h before the test runs. */
const startedAtMs = Date.now() - 3 * 3_600_000 - 1_000;

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

import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import type { Finding } from "../../src/admin/control-types.ts";
import { CPU, doctorHost, VM } from "./doctor-host.ts";
import { ctl } from "./harness.ts";

const host = doctorHost();
const { put, doctor } = host;

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
  chmodSync(host.in("tmp/powermonitor"), 0o777);
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

test("without a daemon, the other checks run, and the missing daemon is a finding", async () => {
  const { code, out, err } = await ctl(["--socket", "/nowhere", "doctor", "--root", host.in(""), "--json"]);
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
  expect((await ctl(["--socket", "/nowhere", "doctor", "--root", "/proc/self"])).code).toBe(20);
  const evil = "a\u001b[2J";
  const { out } = await doctor({
    vms: [{ ...VM, name: evil, vcpus: [0, 1].map((vcpu) => ({ vcpu, pcpus: [2] })) }],
  });
  expect(out).toContain("a\\x1b[2J has 2 vCPUs, but no channel for 1 of them");
});

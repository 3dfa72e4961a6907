import { expect, test } from "bun:test";
import { driverHere, driverNote, hasXenClocks } from "../../src/daemon/host/platform.ts";
import { xenRole } from "../../src/os/xen/dom0.ts";

/** What a host with these files is to Xen. */
function roleWith(files: Readonly<Record<string, string>>) {
  return xenRole({ text: (path) => files[path], stat: (path) => files[path] });
}

const XEN = { "/sys/hypervisor/type": "xen" };
const FEATURES = "/sys/hypervisor/properties/features";
const CAPABILITIES = "/proc/xen/capabilities";
const XL = { "/usr/sbin/xl": "" };

test("xenRole() knows dom0 by its feature, or by its capabilities where the features cannot be read", () => {
  expect(
    [
      { ...XEN, ...XL, [FEATURES]: "00002f05" },
      { ...XEN, ...XL, [FEATURES]: "00000705", [CAPABILITIES]: "" },
      { ...XEN, [CAPABILITIES]: "control_d" },
      { ...XEN, [CAPABILITIES]: "" },
      XEN,
      XL,
      { "/sys/hypervisor/type": "kvm" },
      {},
    ].map(roleWith),
  ).toEqual(["dom0", "guest", "dom0", "guest", "guest", "installed", "none", "none"]);
});

test("Driver=auto is xen in dom0, qemu where there is no libvirt and processes can be seen, and else libvirt", () => {
  const roles = ["dom0", "guest", "installed", "none"] as const;
  const drivers = (
    driver: "auto" | "libvirt" | "xen" | "qemu",
    hasLibvirt: boolean,
    seesProcesses: boolean,
  ) => roles.map((role) => driverHere({ driver, socket: undefined }, { role, hasLibvirt, seesProcesses }));
  expect(drivers("auto", true, true)).toEqual(["xen", "libvirt", "libvirt", "libvirt"]);
  expect(drivers("auto", false, false)).toEqual(["xen", "libvirt", "libvirt", "libvirt"]);
  expect(drivers("auto", false, true)).toEqual(["xen", "qemu", "qemu", "qemu"]);
  expect(drivers("libvirt", false, true)).toEqual(Array(4).fill("libvirt"));
  expect(drivers("xen", false, true)).toEqual(Array(4).fill("xen"));
  expect(drivers("qemu", true, false)).toEqual(Array(4).fill("qemu"));
});

test("a driver that does not fit the host is noted", () => {
  const roles = ["dom0", "installed", "none"] as const;
  expect(roles.map((role) => driverNote("auto", role))).toEqual([
    undefined,
    "Xen is installed, but this host was booted without it: boot with Xen, or set Driver=libvirt",
    undefined,
  ]);
  expect(roles.map((role) => driverNote("libvirt", role))).toEqual([
    "This is a Xen host, and libvirt knows only the domains that it started: Driver=xen knows all",
    undefined,
    undefined,
  ]);
  const without = "Driver=xen, but this host was booted without Xen: boot with Xen, or set Driver=auto";
  expect(roles.map((role) => driverNote("xen", role))).toEqual([undefined, without, without]);
  expect(roles.map((role) => driverNote("static", role))).toEqual([undefined, undefined, undefined]);
});

test("a Root that is not the kernel's is used everywhere", () => {
  expect(hasXenClocks("/tmp/tree", "dom0")).toBe(false);
  expect(hasXenClocks("/sys/devices/system/cpu", "dom0")).toBe(true);
  expect(hasXenClocks("/sys/devices/system/cpu", "installed")).toBe(false);
});

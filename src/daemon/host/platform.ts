import { existsSync } from "node:fs";
import type { HypervisorDriver } from "../../base/domain.ts";
import { type XenRole, xenRole } from "../../os/xen/dom0.ts";

/** The kernel's directory of CPUs, the default of `Root`. */
const KERNEL_CPUS = "/sys/devices/system/cpu";

/** What this host is to Xen. It does not change before the next boot. */
let role: XenRole | undefined;

function roleOfHost(): XenRole {
  role ??= xenRole();
  return role;
}

/**
 * Whether the clocks are Xen's: in dom0 the kernel's directory has only dom0's vCPUs. Another `Root` is a tree for
 * tests.
 */
export function hasXenClocks(root: string, here = roleOfHost()): boolean {
  return root === KERNEL_CPUS && here === "dom0";
}

/** What `Driver=auto` goes by. */
interface HostFacts {
  readonly role: XenRole;
  readonly hasLibvirt: boolean;
  /** Whether the daemon can see processes of other users; systemd hides them from the unit as it is installed. */
  readonly seesProcesses: boolean;
}

/** libvirt's daemons, and the directory of their sockets; a container may have the second alone. */
const LIBVIRT = [
  "/usr/sbin/libvirtd",
  "/usr/sbin/virtqemud",
  "/run/libvirt/libvirt-sock",
  "/run/libvirt/virtqemud-sock",
];

/** The facts of this host; `socket` is the one that the configuration names, if any. */
function factsOfHost(socket: string | undefined): HostFacts {
  return {
    role: roleOfHost(),
    hasLibvirt: socket !== undefined || LIBVIRT.some((path) => existsSync(path)),
    seesProcesses: existsSync("/proc/1"),
  };
}

/** The driver that the configuration means here. */
export function driverHere(
  { driver, socket }: { readonly driver: HypervisorDriver | "auto"; readonly socket: string | undefined },
  { role, hasLibvirt, seesProcesses }: HostFacts = factsOfHost(socket),
): HypervisorDriver {
  if (driver !== "auto") return driver;
  if (role === "dom0") return "xen";
  return seesProcesses && !hasLibvirt ? "qemu" : "libvirt";
}

/** What an operator may have overlooked about the hypervisors of this host. */
export function driverNote(driver: HypervisorDriver | "auto", here = roleOfHost()): string | undefined {
  if (driver === "auto" && here === "installed")
    return "Xen is installed, but this host was booted without it: boot with Xen, or set Driver=libvirt";
  if (driver === "libvirt" && here === "dom0")
    return "This is a Xen host, and libvirt knows only the domains that it started: Driver=xen knows all";
  if (driver === "xen" && here !== "dom0")
    return "Driver=xen, but this host was booted without Xen: boot with Xen, or set Driver=auto";
  return undefined;
}

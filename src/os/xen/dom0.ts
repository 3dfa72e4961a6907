import fs from "node:fs";

/** `XENFEAT_dom0` (xen/include/public/features.h). */
const FEATURE_DOM0 = 1 << 11;

/** What a host is to Xen. */
export type XenRole =
  /** The control domain of a Xen host. */
  | "dom0"
  /** A guest of Xen. */
  | "guest"
  /** Xen does not run here, but is installed. */
  | "installed"
  | "none";

/** Xen's command line tool, which every installation of a Xen host has. */
const TOOLS = ["/usr/sbin/xl", "/usr/lib/xen-common/bin/xl"];

/** Finds out what this host is to Xen, from the files below a root. */
export function xenRole(root = ""): XenRole {
  const text = (path: string) => attempt(() => fs.readFileSync(`${root}${path}`, "utf8").trim());
  if (text("/sys/hypervisor/type") === "xen") {
    const features = Number.parseInt(text("/sys/hypervisor/properties/features") ?? "", 16);
    // Not every user may read the features.
    const isControl = Number.isNaN(features)
      ? text("/proc/xen/capabilities")?.includes("control_d")
      : (features & FEATURE_DOM0) !== 0;
    return isControl === true ? "dom0" : "guest";
  }
  const isInstalled = TOOLS.some((path) => attempt(() => fs.statSync(`${root}${path}`)) !== undefined);
  return isInstalled ? "installed" : "none";
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

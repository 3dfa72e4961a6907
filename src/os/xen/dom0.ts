import fs from "node:fs";
import { attempt } from "../../base/attempt.ts";

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

/** The files of a host. */
interface HostLook {
  /** The trimmed content; undefined if it cannot be read. */
  text(path: string): string | undefined;
  /** Undefined if there is no such file. */
  stat(path: string): unknown;
}

const THIS_HOST: HostLook = {
  text: (path) => attempt(() => fs.readFileSync(path, "utf8").trim()),
  stat: (path) => attempt(() => fs.statSync(path)),
};

/** Finds out what a host is to Xen. */
export function xenRole({ text, stat }: HostLook = THIS_HOST): XenRole {
  if (text("/sys/hypervisor/type") !== "xen")
    return TOOLS.some((path) => stat(path) !== undefined) ? "installed" : "none";
  const features = Number.parseInt(text("/sys/hypervisor/properties/features") ?? "", 16);
  // Only root may read the features of some kernels.
  const isControl = Number.isNaN(features)
    ? text("/proc/xen/capabilities")?.includes("control_d") === true
    : (features & FEATURE_DOM0) !== 0;
  return isControl ? "dom0" : "guest";
}

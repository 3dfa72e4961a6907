import type { Disk } from "../machine/disk.ts";

const HANDOVER = "/run/vm-power/handover";

/**
 * Makes of a handover what the first version wrote: it knew no time since the boot, and handed over no VMs, no guest
 * policies and no parked clocks.
 */
export function makeOld(disk: Disk): void {
  const file = disk.find(HANDOVER);
  if (file?.kind !== "file") return;
  const { version, atMs, wants, operated } = JSON.parse(new TextDecoder().decode(file.bytes));
  file.bytes = new TextEncoder().encode(JSON.stringify({ version, atMs, wants, operated }));
}

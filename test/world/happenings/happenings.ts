import { GUEST_HAPPENINGS } from "./guests.ts";
import type { Happening } from "./happening.ts";
import { HOST_HAPPENINGS, OPERATOR_HAPPENINGS } from "./host.ts";
import { KERNEL_HAPPENINGS } from "./kernel.ts";
import { LIBVIRTD_HAPPENINGS } from "./libvirtd.ts";
import { VM_HAPPENINGS } from "./vms.ts";

/** Every kind that a storm may have; requests of polite guests go on in any weather. */
export const STORMY: readonly Happening[] = [
  ...GUEST_HAPPENINGS,
  ...VM_HAPPENINGS,
  ...LIBVIRTD_HAPPENINGS,
  ...KERNEL_HAPPENINGS,
  ...OPERATOR_HAPPENINGS,
  ...HOST_HAPPENINGS,
];

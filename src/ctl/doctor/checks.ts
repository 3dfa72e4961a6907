import type { Check } from "./check.ts";
import { CHANNEL_CHECKS } from "./checks/channels.ts";
import { CLOCK_CHECKS } from "./checks/clocks.ts";
import { DAEMON_CHECKS } from "./checks/daemon.ts";
import { HYPERVISOR_CHECKS } from "./checks/hypervisor.ts";
import { KNOB_CHECKS } from "./checks/knobs.ts";
import { PLACEMENT_CHECKS } from "./checks/placement.ts";
import { TUNER_CHECKS } from "./checks/tuners.ts";
import { XEN_CHECKS } from "./checks/xen.ts";

/** All checks, in the order of the report. */
export const CHECKS: readonly Check[] = [
  ...DAEMON_CHECKS,
  ...HYPERVISOR_CHECKS,
  ...CHANNEL_CHECKS,
  ...CLOCK_CHECKS,
  ...XEN_CHECKS,
  ...KNOB_CHECKS,
  ...TUNER_CHECKS,
  ...PLACEMENT_CHECKS,
];

import { ATTACH_FAULTS } from "./attach-faults.ts";
import { BEHAVIOUR_FAULTS } from "./behaviour-faults.ts";
import { END_FAULTS } from "./end-faults.ts";
import type { Fault } from "./fault.ts";
import { FLEET_FAULTS } from "./fleet-faults.ts";
import { GUEST_FAULTS } from "./guest-faults.ts";
import { PAGE_FAULTS } from "./page-faults.ts";
import { PEER_FAULTS } from "./peer-faults.ts";
import { QEMU_FAULTS } from "./qemu-faults.ts";
import { USER_FAULTS } from "./user-faults.ts";

/** At least one for every promise of SECURITY.md that a test of this folder holds, and some for promises of behaviour. */
export const FAULTS: readonly Fault[] = [
  ...GUEST_FAULTS,
  ...PEER_FAULTS,
  ...QEMU_FAULTS,
  ...USER_FAULTS,
  ...PAGE_FAULTS,
  ...FLEET_FAULTS,
  ...ATTACH_FAULTS,
  ...END_FAULTS,
  ...BEHAVIOUR_FAULTS,
];

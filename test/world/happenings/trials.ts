import type { Happening } from "./happening.ts";
import { PHASES } from "./phases.ts";
import { QUIET_DAEMON } from "./quiet-daemon.ts";
import { LEASE_MAX_SEC, QUIET_GUESTS } from "./quiet-guests.ts";
import { QUIET_HOST } from "./quiet-host.ts";
import { QUIET_VMS } from "./quiet-vms.ts";

/** Everything that trials are made of. */
export const QUIET = { ...QUIET_DAEMON, ...QUIET_GUESTS, ...QUIET_VMS, ...QUIET_HOST };

/** A turn of a trial, and how long nothing else happens after it. */
interface Trial {
  readonly phase: Happening;
  readonly restMs: number;
}

const JUDGED: Trial = { phase: PHASES.settle, restMs: 2000 };

/** What is tried in calm weather, one at a time, when every deviation is a fault. */
export const TRIALS: readonly (readonly Trial[])[] = [
  [
    { phase: QUIET.quietAsks, restMs: 1000 },
    { phase: QUIET.quietRestart, restMs: 20_000 },
    { phase: QUIET.afterRestart, restMs: 0 },
  ],
  [{ phase: QUIET.quietStop, restMs: 10_000 }, { phase: QUIET.quietStart, restMs: 20_000 }, JUDGED],
  // Nothing is restored after the crash, so the next start must do it.
  [{ phase: QUIET.quietCrash, restMs: 30_000 }, JUDGED],
  [
    { phase: QUIET.quietAsk, restMs: 500 },
    { phase: QUIET.quietPause, restMs: 10_000 },
    JUDGED,
    { phase: QUIET.quietResume, restMs: 10_000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietDwell, restMs: 1000 },
    { phase: QUIET.quietRestart, restMs: 20_000 },
    { phase: QUIET.afterRestart, restMs: 0 },
  ],
  [{ phase: QUIET.quietAsks, restMs: 1000 }, { phase: QUIET.quietDrift, restMs: 20_000 }, JUDGED],
  [
    { phase: QUIET.quietRaise, restMs: 60_000 },
    JUDGED,
    { phase: QUIET.quietMin, restMs: 1000 },
    { phase: QUIET.quietStop, restMs: 10_000 },
    { phase: QUIET.quietStart, restMs: 20_000 },
    JUDGED,
  ],
  [{ phase: QUIET.quietLease, restMs: LEASE_MAX_SEC * 1000 + 1000 }, JUDGED],
  [{ phase: QUIET.quietAsk, restMs: 500 }, { phase: QUIET.quietEnd, restMs: 3000 }, JUDGED],
  // A VM may run where CPUs are parked.
  [{ phase: QUIET.quietBegin, restMs: 2000 }, JUDGED],
  [
    { phase: QUIET.quietOrder, restMs: 2000 },
    JUDGED,
    { phase: QUIET.quietSwitch, restMs: 20_000 },
    JUDGED,
    { phase: QUIET.quietSwitch, restMs: 20_000 },
    JUDGED,
    { phase: QUIET.quietRelease, restMs: 2000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietOrder, restMs: 2000 },
    { phase: QUIET.quietSwitchOther, restMs: 20_000 },
    { phase: QUIET.quietRelease, restMs: 2000 },
    { phase: QUIET.quietSwitchOther, restMs: 20_000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietTimedOrder, restMs: 2000 },
    JUDGED,
    { phase: QUIET.quietRestart, restMs: 20_000 },
    { phase: QUIET.afterRestart, restMs: 2000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietPolicies, restMs: 1000 },
    JUDGED,
    { phase: QUIET.quietHours, restMs: 15_000 },
    JUDGED,
    { phase: QUIET.quietHours, restMs: 15_000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietAsks, restMs: 1000 },
    { phase: QUIET.quietUpgrade, restMs: 20_000 },
    { phase: QUIET.afterRestart, restMs: 0 },
  ],
  [
    { phase: QUIET.quietAsks, restMs: 1000 },
    { phase: QUIET.quietEmulators, restMs: 3000 },
    JUDGED,
    { phase: QUIET.quietEmulators, restMs: 3000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietDays, restMs: 15_000 },
    JUDGED,
    { phase: QUIET.quietHours, restMs: 15_000 },
    JUDGED,
    { phase: QUIET.quietSchedules, restMs: 15_000 },
    JUDGED,
  ],
  [
    { phase: QUIET.quietOrder, restMs: 2000 },
    { phase: QUIET.quietRefusedOrders, restMs: 20_000 },
    JUDGED,
    { phase: QUIET.quietSwitch, restMs: 20_000 },
    { phase: QUIET.quietRefusedOrders, restMs: 2000 },
    { phase: QUIET.quietSwitch, restMs: 20_000 },
    JUDGED,
    { phase: QUIET.quietRelease, restMs: 2000 },
    JUDGED,
  ],
  [{ phase: QUIET.quietAsks, restMs: 1000 }, { phase: QUIET.quietRefusedRestore, restMs: 60_000 }, JUDGED],
];

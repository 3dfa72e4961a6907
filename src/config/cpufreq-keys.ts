import { key, optional } from "./key.ts";
import { parked } from "./knob-values.ts";
import { absolutePath, boolean, cpuNumbers, cpusOr, integer, oneOf } from "./values.ts";

const MULTI_PIN_CPUS_MAX = 1024;

/** Longest time before a CPU is parked: a day. */
const PARK_AFTER_MAX_SEC = 24 * 60 * 60;

/** The keys of `[cpufreq]`. */
export const CPUFREQ_KEYS = {
  Root: key(
    absolutePath,
    "/sys/devices/system/cpu",
    "The kernel's CPU directory in sysfs; other paths are for tests.",
  ),
  ManagedCpus: key(cpusOr("all"), "all", "CPUs that may be scaled, like 2-15,18."),
  Reserved: optional(
    cpuNumbers,
    "CPUs that are never touched, like 0-1, together with all that share their clocks.",
  ),
  Parked: key(
    parked,
    "keep",
    "What becomes of CPUs on which no VM may run: keep, min, or governor and a list of governors.",
  ),
  ParkAfterSec: key(
    integer(1, PARK_AFTER_MAX_SEC),
    "60",
    "Seconds for which no VM must have been allowed to run on a CPU before it is parked.",
  ),
  MultiPin: key(
    oneOf(["all", "last", "reject"]),
    "all",
    "Which CPUs are scaled for a vCPU that is pinned to several.",
  ),
  MultiPinMax: key(
    integer(1, MULTI_PIN_CPUS_MAX),
    "4",
    "The most CPUs that a vCPU may be pinned to; requests for one with more are refused.",
  ),
  OnExit: key(
    oneOf(["restore", "keep", "max"]),
    "restore",
    "What to do with changed CPUs when the daemon stops.",
  ),
  OnDrift: key(
    oneOf(["reassert", "yield"]),
    "reassert",
    "What to do when another program changes a managed CPU.",
  ),
  DryRun: key(boolean, "no", "Decide, answer and log requests, but change no CPU."),
} as const;

import { key, optional } from "./key.ts";
import { DWELL_MAX_MS, LEASE_MAX_SEC, OPERATIONS, RATE_MAX } from "./keys.ts";
import { account, boolean, cpusOr, integer, someOf, speedBound } from "./values.ts";

/** The guest policies that an application may leave. That by traffic would count the packets of anybody. */
const APP_POLICIES = ["time", "workload"] as const;

/** The keys of `[app NAME]`. */
export const APP_KEYS = {
  User: optional(account, "The user whose processes are this application."),
  Group: optional(account, "The group whose members are this application too."),
  Cpus: optional(
    cpusOr("cpuset"),
    "The CPUs that it may set, like 2-5; cpuset: those that the kernel lets the caller run on.",
  ),
  MinKhz: optional(speedBound, "It cannot go below this speed."),
  MaxKhz: optional(speedBound, "It cannot go above this speed."),
  Turbo: key(boolean, "yes", "Whether it may use turbo, where the host allows it."),
  Operations: key(someOf(OPERATIONS), OPERATIONS.join(","), "What it may ask for; none: nothing."),
  Policies: key(
    someOf(APP_POLICIES),
    APP_POLICIES.join(","),
    "Guest policies that it may leave; none: no policy.",
  ),
  RequestsPerSecond: key(
    integer(1, RATE_MAX),
    "100",
    "Requests that each of its users may send in a second, on average.",
  ),
  Burst: key(integer(1, RATE_MAX), "100", "Requests that a user may send at once after a pause."),
  MinDwellMs: key(
    integer(0, DWELL_MAX_MS),
    "0",
    "Milliseconds that a CPU stays at a speed before a slower one that it asks for holds.",
  ),
  LeaseSec: key(
    integer(1, LEASE_MAX_SEC),
    "3600",
    "Seconds after which a request ends unless it is repeated; it may ask for less.",
  ),
  DryRun: key(boolean, "no", "Decide and answer its requests, but do not apply them."),
} as const;

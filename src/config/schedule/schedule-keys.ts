import { key, optional } from "../key.ts";
import { cpuNumbers } from "../values.ts";
import { hoursOfDay, timeZone, vmPatterns, wantedSpeed, weekdays } from "./schedule-values.ts";

/** The keys of `[schedule NAME]`. */
export const SCHEDULE_KEYS = {
  Vms: optional(vmPatterns, "The VMs that it is for: names and patterns, like web*,db1."),
  Cpus: optional(cpuNumbers, "The CPUs that it is for instead, like 2-5,8."),
  Days: key(weekdays, "Mon-Sun", "The days on which it holds, like Mon-Fri,Sun."),
  Hours: key(
    hoursOfDay,
    "00-23",
    "The hours in which it holds: 08-18,22 is 08:00 to 18:59 and 22:00 to 22:59.",
  ),
  TimeZone: optional(timeZone, "The time zone of its days and hours, if not that of [schedule]."),
  Want: optional(
    wantedSpeed,
    "The wanted speed: max, min, one like 1.8GHz, or a part of the range like 60%.",
  ),
} as const;

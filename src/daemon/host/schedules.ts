import type { ScheduleInForce, ScheduleMoment } from "../../arbiter/schedule-view.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Log } from "../../base/log.ts";
import type { Now } from "../../base/now.ts";
import type { Config } from "../../config/config.ts";
import { isForVm, type Schedule } from "../../config/schedule/schedules.ts";
import type { Events } from "../events/events.ts";
import { LocalHours } from "../local-hours.ts";
import { type Span, spanAt } from "./schedule-span.ts";

/** What {@link Schedules} needs. The configuration is read at each use, because a reload replaces it. */
export interface SchedulesOptions {
  readonly config: () => Pick<Config, "schedule" | "schedules">;
  readonly log: Log;
  /** The zone of the host. */
  readonly hostZone: () => string | undefined;
  readonly events: Pick<Events, "publish">;
}

/** One schedule and the span of time that it was last found in. */
export interface FollowedSchedule {
  readonly schedule: Schedule;
  hours: LocalHours;
  /** Undefined if the host has no known one. */
  zone: string | undefined;
  /** Undefined before the first look. */
  span: Span | undefined;
  inForce: ScheduleInForce | undefined;
}

/** Tells which schedules are in force. What follows is looked up once for each span, so that nothing polls. */
export class Schedules {
  readonly #options: SchedulesOptions;
  #from: readonly Schedule[] = [];
  #followed: FollowedSchedule[] = [];
  #inForce: readonly ScheduleInForce[] = [];

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** The schedules in force at a time, and when that changes. Tells of those that begin and end. */
  at(now: Now): ScheduleMoment {
    this.#follow();
    let endsMs = Number.POSITIVE_INFINITY;
    for (const each of this.#followed) endsMs = Math.min(endsMs, this.#look(each, now).endsMs);
    const inForce = this.#followed.flatMap((each) => each.inForce ?? []);
    const isSame =
      inForce.length === this.#inForce.length && inForce.every((each, i) => each === this.#inForce[i]);
    if (!isSame) this.#inForce = inForce;
    const isEndless = endsMs === Number.POSITIVE_INFINITY;
    const dueMs = isEndless ? undefined : now.monoMs + Math.max(0, endsMs - now.wallMs);
    return { inForce: this.#inForce, dueMs };
  }

  /** The schedules for a VM of this name. */
  forVm(vm: string): readonly FollowedSchedule[] {
    this.#follow();
    return this.#followed.filter(({ schedule }) => isForVm(schedule, vm));
  }

  /** Takes the schedules of a configuration that was replaced. */
  #follow(): void {
    const { schedules } = this.#options.config();
    if (schedules === this.#from) return;
    this.#from = schedules;
    const before = this.#followed;
    this.#followed = schedules.map((schedule) => {
      const zone = this.#zoneOf(schedule);
      const told = before.find((each) => each.schedule.name === schedule.name);
      return { schedule, hours: new LocalHours(() => zone), zone, span: undefined, inForce: told?.inForce };
    });
    for (const { schedule, inForce } of before)
      if (inForce !== undefined && !schedules.some(({ name }) => name === schedule.name))
        this.#tell(schedule, "is not in the configuration any more");
  }

  #zoneOf({ timeZone }: Schedule): string | undefined {
    const { config, hostZone } = this.#options;
    return timeZone ?? config().schedule.timeZone ?? hostZone();
  }

  /** Looks at one schedule. The span is found again if the time has left it, in either direction, or the zone is another. */
  #look(each: FollowedSchedule, { wallMs }: Now): Span {
    const zone = this.#zoneOf(each.schedule);
    const { span: before } = each;
    const isIn = before !== undefined && wallMs >= before.fromMs && wallMs < before.endsMs;
    if (isIn && zone === each.zone) return before;
    if (zone !== each.zone) each.hours = new LocalHours(() => zone);
    each.zone = zone;
    const span = spanAt(each.schedule, each.hours, wallMs);
    each.span = span;
    const was = each.inForce;
    each.inForce = span.isOn ? inForceOf(each.schedule, span, was?.sinceMs ?? wallMs) : undefined;
    if (was === undefined && span.isOn) this.#tell(each.schedule, "begins");
    if (was !== undefined && !span.isOn) this.#tell(each.schedule, "ends");
    return span;
  }

  #tell({ name, vms, cpus, text }: Schedule, what: string): void {
    const whom = vms.length > 0 ? `VMs ${vms.join(", ")}` : `CPU ${formatCpuList(cpus)}`;
    const message = `Schedule ${name} (${text.want} for ${whom}) ${what}`;
    this.#options.log.notice(message);
    this.#options.events.publish("schedule", message);
  }
}

function inForceOf({ name, cpus, want }: Schedule, { endsMs }: Span, sinceMs: number): ScheduleInForce {
  const untilMs = endsMs === Number.POSITIVE_INFINITY ? undefined : endsMs;
  return { name, pcpus: cpus, want, sinceMs, untilMs };
}

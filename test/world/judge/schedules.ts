import type { Schedule } from "../players/schedule.ts";
import type { LocalHours } from "./local-hours.ts";
import { firstStand, type Table } from "./steps.ts";

// Schedules, written down from vm-power.conf(5), "[schedule NAME]".

/** The entries that something may want; undefined is no wish. */
export type Wishes = ReadonlySet<number | undefined>;

const NOTHING: Wishes = new Set([undefined]);

/** What the schedules of a host may want. */
export class Schedules {
  readonly #all: readonly Schedule[];
  readonly #table: Table;

  constructor(schedules: readonly Schedule[], table: Table) {
    this.#all = schedules;
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** What they may want for the vCPUs of a VM. Whether "max" has turbo depends on earlier requests. */
  forVm(vm: string, hours: LocalHours): Wishes {
    const { turbo } = this.#table;
    return this.#wishes(
      ({ vms }) => vms.some((pattern) => fits(pattern, vm)),
      hours,
      turbo === undefined ? [0] : [0, turbo.base],
    );
  }

  /** What they may want for a clock with these CPUs. */
  forCpus(isThere: (cpu: number) => boolean, hours: LocalHours): Wishes {
    return this.#wishes(({ cpus }) => cpus.some(isThere), hours, [firstStand(this.#table).index]);
  }

  /** Of several at one time the highest counts. */
  #wishes(isMeant: (schedule: Schedule) => boolean, hours: LocalHours, tops: readonly number[]): Wishes {
    const meant = this.#all.filter(isMeant);
    if (meant.length === 0) return NOTHING;
    const wishes = new Set<number | undefined>();
    for (const hour of hours.possible()) {
      const inForce = meant.filter((schedule) => isIn(schedule, hour));
      const indexes = inForce.map(({ want }) => this.#indexOf(want));
      if (indexes.length === 0) wishes.add(undefined);
      else for (const top of indexes.includes(0) ? tops : [Math.min(...indexes)]) wishes.add(top);
    }
    return wishes;
  }

  /** 0 stands for the highest entry, with turbo or without. */
  #indexOf(want: Schedule["want"]): number {
    const { khz, turbo } = this.#table;
    if (want === "max") return 0;
    if (want === "min") return khz.length - 1;
    return Math.max(
      khz.findLastIndex((entry) => entry >= want),
      turbo?.base ?? 0,
    );
  }
}

/** Whether a schedule holds in an hour of the week. */
export function isIn({ days, hours }: Schedule, hour: number): boolean {
  return days.has(Math.floor(hour / 24)) && hours.has(hour % 24);
}

function fits(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}

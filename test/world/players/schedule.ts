import type { Hardware } from "../machine/kernel-policy.ts";
import type { Random } from "../machine/random.ts";

/** What the configuration says of some hours (vm-power.conf(5), "[schedule NAME]"). */
export interface Schedule {
  readonly name: string;
  /** Patterns for the names of VMs; empty if it is for CPUs. */
  readonly vms: readonly string[];
  readonly cpus: readonly number[];
  /** 0 is Monday. */
  readonly days: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  /** A speed in kHz without turbo, or an end of the table. */
  readonly want: "max" | "min" | number;
}

export const WEEKDAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const STEP_KHZ = 100_000;

/** Draws the schedules of a host. Most hosts have none. */
export function drawSchedules(random: Random, { cpus, khz, baseKhz }: Hardware): readonly Schedule[] {
  if (!random.chance(0.5)) return [];
  const steps = (edge: number | undefined) => Math.round((edge ?? 0) / STEP_KHZ);
  const some = (count: number, probability: number) => {
    const chosen = [...Array(count).keys()].filter(() => random.chance(probability));
    return new Set(chosen.length === 0 ? [random.below(count)] : chosen);
  };
  return Array.from({ length: random.between(1, 4) }, (_, i) => {
    const isForVms = random.chance(0.6);
    const vms = random.pick([["*"], ["polite*"], ["polite0", "*2"], ["*1", "polite?"]]);
    return {
      name: `s${i}`,
      vms: isForVms ? vms : [],
      cpus: isForVms ? [] : Array.from({ length: random.between(1, cpus) }, () => random.below(cpus)),
      days: some(7, 0.7),
      hours: some(24, 0.6),
      want: random.pick([
        "max",
        "min",
        STEP_KHZ * random.between(steps(khz.at(-1)), steps(baseKhz)),
      ] as const),
    };
  });
}

/** The section of the configuration. */
export function scheduleText({ name, vms, cpus, days, hours, want }: Schedule): string {
  const lines = [
    vms.length > 0 ? `Vms=${vms.join(",")}` : `Cpus=${[...new Set(cpus)].sort((a, b) => a - b).join(",")}`,
    `Days=${[...days].map((day) => WEEKDAYS[day]).join(",")}`,
    `Hours=${[...hours].map((hour) => `${hour}`.padStart(2, "0")).join(",")}`,
    `Want=${typeof want === "number" ? `${want / 1_000_000}GHz` : want}`,
  ];
  return `[schedule ${name}]\n${lines.join("\n")}\n`;
}

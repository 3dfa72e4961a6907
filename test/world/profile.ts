import type { Hardware } from "./machine/kernel-policy.ts";
import type { Random } from "./machine/random.ts";
import { drawSchedules, type Schedule } from "./players/schedule.ts";

/** What a world is made of. */
export interface Profile {
  readonly hardware: Hardware;
  readonly vms: number;
  readonly vcpusMax: number;
  /** The wall clock at the boot. */
  readonly wallMs: number;
  readonly zone: string;
  /** What the configuration says of the account of energy. */
  readonly energy: string;
  /** Whether unused CPUs are parked. */
  readonly parks: boolean;
  readonly schedules: readonly Schedule[];
}

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

/** 2020 and four years later: daylight saving comes and goes. */
const WALL_FIRST_MS = 1_577_836_800_000;
const WALL_SPAN_MS = 4 * 365 * 86_400_000;

/** Draws a host. */
export function drawProfile(random: Random): Profile {
  const cpus = random.pick([4, 8, 8, 16, 16, 32, 64]);
  const hardware = drawHardware(random, cpus);
  return {
    hardware,
    vms: random.between(1, Math.max(2, Math.min(40, cpus))),
    vcpusMax: random.pick([1, 2, 4, 4, 8]),
    wallMs: WALL_FIRST_MS + random.float() * WALL_SPAN_MS,
    zone: random.pick(ZONES),
    energy: random.pick(["Meters=off", "Meters=off", "Interval=60", "Interval=10"]),
    parks: random.chance(0.3),
    schedules: drawSchedules(random, hardware),
  };
}

/** The host that the figures are for: 64 CPUs and 40 VMs. */
export function largeProfile(random: Random): Profile {
  return profileOn(drawHardware(random, 64), random, { vms: 40, vcpusMax: 2 });
}

/** A host for long times, on which every kind of happening can strike, and which reads its meters seldom. */
export function longProfile(random: Random): Profile {
  const hardware = { ...drawHardware(random, 8), perPolicy: 1, threads: 2 };
  return profileOn(hardware, random, { vms: 8, vcpusMax: 2, energy: "Interval=300" });
}

function profileOn(hardware: Hardware, random: Random, more: Partial<Profile>): Profile {
  const drawn = drawProfile(random);
  return { ...drawn, hardware, schedules: drawSchedules(random, hardware), ...more };
}

function drawHardware(random: Random, cpus: number): Hardware {
  const [perPolicy, threads] = random.pick([
    [1, 1],
    [1, 1],
    [1, 2],
    [2, 1],
    [4, 1],
  ] as const);
  if (random.chance(0.4)) {
    const khz = [random.pick([3_500_000, 3_000_000]), 1_000_000];
    const governor = random.pick(["powersave", "performance"]);
    const baseKhz = random.pick([2_400_000, 2_000_000]);
    return { driver: "intel_pstate", khz, cpus, perPolicy, threads, governor, baseKhz };
  }
  const turbo = random.chance(0.5) ? [2_401_000] : [];
  const khz = [...turbo, 2_400_000, 2_200_000, 2_000_000, 1_800_000, 1_500_000, 1_200_000];
  const governor = random.pick(["performance", "schedutil", "powersave", "ondemand"]);
  return { driver: "acpi-cpufreq", khz, cpus, perPolicy, threads, governor, baseKhz: 2_400_000 };
}

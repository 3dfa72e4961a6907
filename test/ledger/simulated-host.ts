import { Random } from "../world/machine/random.ts";

// A host whose physics are not those of the ledger's model: voltage that rises with the speed, turbo that gives way when
// many CPUs are busy, leakage that follows the temperature, work that waits for memory, sockets that differ, a day that is
// warmer than the night, and noise in the meter.

/** What a VM asks for and does, on CPUs of its own. */
export interface SimulatedVm {
  readonly name: string;
  readonly cpus: readonly number[];
  /** How much of its time depends on the speed: all of it is 1, that of a VM that polls is 0. */
  readonly bound: number;
  readonly polls: boolean;
  /** What one of its cycles costs, of the mean of all programs. */
  readonly activity: number;
  readonly silent: boolean;
  /** The part of its time in which it would be busy at the lowest speed. */
  demand: number;
  /** Index of the speed that it asked for. */
  speed: number;
}

/** One course of things: the day as it was, or as it would have been at other speeds. */
export interface Course {
  readonly celsius: number[];
}

const draw = (random: Random, low: number, high: number) => low + (high - low) * random.float();

/** About as normal as three dice are, with a variance of 1. */
function noise(random: Random): number {
  return 2 * (random.float() + random.float() + random.float() - 1.5);
}

/** What one socket takes. */
interface Physics {
  readonly core: number;
  readonly volts: number;
  readonly voltsPerGhz: number;
  readonly uncore: number;
  readonly uncoreBusy: number;
  readonly leak: number;
  readonly leakPerCelsius: number;
  readonly celsiusPerWatt: number;
  readonly tauS: number;
}

export class SimulatedHost {
  readonly random: Random;
  readonly sockets: number;
  readonly perSocket: number;
  /** Accepted speeds in GHz, highest first; the first one is turbo. */
  readonly table: readonly number[];
  readonly baselineGhz: number;
  readonly vms: readonly SimulatedVm[];
  hostCpus = 0;
  readonly #turbo: { readonly top: number; readonly droop: number };
  readonly #physics: readonly Physics[];
  readonly #noise: number;
  readonly #ambient: { readonly mean: number; readonly swing: number };

  constructor(seed: number) {
    const random = new Random(seed);
    this.random = random;
    this.sockets = random.between(1, 2);
    this.perSocket = random.pick([4, 6, 8]);
    const isAcpi = random.chance(0.5);
    // ACPI's turbo is asked for as 1 MHz above the nominal speed; another driver's table ends with the turbo speed itself.
    this.table = [isAcpi ? 2.301 : 2.9, 2.3, 2.0, 1.7, 1.4, 1.2];
    this.#turbo = { top: isAcpi ? draw(random, 2.4, 2.8) : 2.9, droop: draw(random, 0.05, 0.4) };
    this.baselineGhz = random.chance(0.5) ? (this.table[0] as number) : 2.3;
    const share = draw(random, 0.9, 1.1);
    this.#physics = Array.from({ length: this.sockets }, (_, socket) => ({
      core: draw(random, 1.5, 2.5) * (socket === 0 ? 1 : share),
      volts: draw(random, 0.5, 0.7),
      voltsPerGhz: draw(random, 0.12, 0.22),
      uncore: draw(random, 8, 20),
      uncoreBusy: draw(random, 0, 6),
      leak: draw(random, 2, 8),
      leakPerCelsius: draw(random, 0.005, 0.02),
      celsiusPerWatt: draw(random, 0.2, 0.5),
      tauS: draw(random, 30, 300),
    }));
    this.#noise = draw(random, 0.002, 0.02);
    this.#ambient = { mean: draw(random, 20, 30), swing: draw(random, 0, 4) };
    this.vms = this.#makeVms();
  }

  #makeVms(): SimulatedVm[] {
    const { random } = this;
    const vms: SimulatedVm[] = [];
    const count = this.sockets * this.perSocket;
    for (let cpu = 0; cpu < count - 1; ) {
      const width = Math.min(random.between(1, 4), count - 1 - cpu);
      const polls = random.chance(0.5);
      vms.push({
        name: `vm${vms.length}`,
        cpus: Array.from({ length: width }, (_, i) => cpu + i),
        polls,
        bound: polls ? 0 : random.chance(0.5) ? 1 : draw(random, 0.2, 0.9),
        activity: draw(random, 0.8, 1.2),
        silent: random.chance(0.15),
        demand: draw(random, 0.2, 0.8),
        speed: 0,
      });
      cpu += width;
    }
    return vms;
  }

  /** The next minute of the day, from 0 to 1440: work and requests change. */
  next(minute: number): void {
    const { random } = this;
    const daylight = 0.5 - 0.5 * Math.cos((2 * Math.PI * minute) / 1440);
    this.hostCpus = Math.max(0.02, 0.3 + 0.2 * noise(random));
    for (const vm of this.vms) {
      vm.demand = Math.min(0.9, Math.max(0.05, 0.2 + 0.4 * daylight + 0.15 * noise(random)));
      if (vm.silent) vm.speed = -1;
      else if (minute === 0 || random.chance(1 / 15))
        vm.speed = Math.min(5, Math.max(0, Math.round(4 - 4 * daylight + 1.5 * noise(random))));
    }
  }

  /** The speed that is accepted for a VM now. */
  acceptedGhz({ speed }: SimulatedVm): number {
    return speed < 0 ? this.baselineGhz : (this.table[speed] as number);
  }

  /** How busy each CPU of a VM is: its work takes longer at a lower speed, as far as it does not wait for memory. */
  busy({ polls, bound, demand }: SimulatedVm, ghz: number): number {
    return polls ? 1 : Math.min(0.95, demand * (1.2 / this.#realGhz(ghz, 0.5)) ** bound);
  }

  #realGhz(accepted: number, busyPart: number): number {
    if (accepted <= 2.3) return accepted;
    return Math.max(2.3, this.#turbo.top - this.#turbo.droop * busyPart);
  }

  /** Joules of a minute. `at` gives the speed of each VM. */
  joules(course: Course, minute: number, at: (vm: SimulatedVm) => number): number {
    // The last CPU has no VM.
    const free = this.sockets * this.perSocket - 1;
    const speeds = [...this.vms.map(at), this.baselineGhz];
    const parts = [...this.vms.map((vm, i) => this.busy(vm, speeds[i] ?? 0)), this.hostCpus];
    const owners = [...this.vms, { cpus: [free], activity: 1 }];
    let joules = 0;
    for (const [socket, physics] of this.#physics.entries()) {
      const first = socket * this.perSocket;
      const here = owners.map(({ cpus }) => {
        const from = Math.max(first, cpus[0] ?? 0);
        const to = Math.min(first + this.perSocket, (cpus.at(-1) ?? 0) + 1);
        return Math.max(0, to - from);
      });
      const busy = here.reduce((sum, cpus, i) => sum + cpus * (parts[i] ?? 0), 0);
      const { core, volts, voltsPerGhz, uncore, uncoreBusy } = physics;
      let watts = uncore + (uncoreBusy * busy) / this.perSocket + 0.2 * (this.perSocket - busy);
      for (const [i, cpus] of here.entries()) {
        const ghz = this.#realGhz(speeds[i] ?? 0, busy / this.perSocket);
        const switched = cpus * (parts[i] ?? 0) * (owners[i]?.activity ?? 1);
        watts += switched * core * (volts + voltsPerGhz * ghz) ** 2 * ghz;
      }
      joules += 60 * this.#leaking(course, minute, { physics, socket, watts });
    }
    return joules;
  }

  #leaking(
    course: Course,
    minute: number,
    {
      physics,
      socket,
      watts,
    }: { readonly physics: Physics; readonly socket: number; readonly watts: number },
  ): number {
    const { leak, leakPerCelsius, celsiusPerWatt, tauS } = physics;
    const { mean, swing } = this.#ambient;
    const ambient = mean - swing * Math.cos((2 * Math.PI * (minute - 120)) / 1440);
    const before = course.celsius[socket] ?? ambient + celsiusPerWatt * watts;
    const total = watts + leak * Math.exp(leakPerCelsius * (before - 45));
    course.celsius[socket] =
      before + (ambient + celsiusPerWatt * total - before) * (1 - Math.exp(-60 / tauS));
    return total;
  }

  /** What the meter tells of true joules. */
  metered(joules: number): number {
    return Math.round(joules * (1 + this.#noise * noise(this.random)) * 1e6) / 1e6;
  }
}

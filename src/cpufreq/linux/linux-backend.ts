import fs from "node:fs";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { Turns } from "../../base/turns.ts";
import type { Observation } from "../cpufreq.ts";
import { type Permission, Permitted, sharedWarnings } from "../permission.ts";
import type { Backend, ListedClock, Listing, SavedScope, Scope } from "../port.ts";
import type { Disk } from "./disk.ts";
import { isOnline } from "./host.ts";
import { JOURNAL_NAMES } from "./journal-names.ts";
import { isPlain } from "./kernel-disk.ts";
import { putBack } from "./put-back.ts";
import type { Readings } from "./readings.ts";
import { PolicyScope } from "./scope.ts";
import { speedText } from "./speed-files.ts";
import { type Survey, survey } from "./survey.ts";
import { looked, parseKhz, parseNumber, readText } from "./sysfs-file.ts";
import type { FoundClock } from "./topology.ts";

/** How many CPUs one {@link LinuxBackend.hasChanged} compares in full; the others follow in later calls. */
const CPUS_PER_LOOK = 1;

/** The clocks of this host in the kernel's cpufreq. */
export class LinuxBackend implements Backend {
  readonly slow = false;
  readonly journal = JOURNAL_NAMES;
  /** Without symbolic links. */
  readonly #root: string;
  readonly #permitted: Permitted;
  readonly #disk: Disk;
  readonly #plain: boolean;
  #survey: Survey | undefined;
  readonly #turns = new Turns(CPUS_PER_LOOK);
  /** Sockets that were read since the last survey. */
  readonly #sockets = new Map<Pcpu, number | undefined>();

  constructor(root: string, permission: Permission, disk: Disk) {
    this.#root = realRoot(root);
    this.#permitted = new Permitted(permission);
    this.#disk = disk;
    this.#plain = isPlain(this.#root);
  }

  list(): Listing {
    this.#survey = survey(this.#root, this.#permitted, this.#survey);
    this.#sockets.clear();
    const { clocks, unmanaged, uncores } = this.#survey;
    return {
      clocks: clocks.map((clock) => this.#listed(clock)),
      unmanaged,
      uncores,
      warnings: this.#warnings(this.#survey),
    };
  }

  #listed({ id, members, policies }: FoundClock): ListedClock {
    const [first] = members;
    if (first === undefined) throw new Error("Expected a clock to have members");
    const { speeds, scaling, driver } = first;
    const texts = speeds.table.speeds.map(({ khz }) => speedText(khz));
    const uncoreOf = (policy: string) => this.#survey?.uncores.find((uncore) => uncore.policy === policy);
    const means = {
      disk: this.#disk,
      root: this.#root,
      plain: this.#plain,
      scaling,
      speeds: texts,
      uncoreOf,
    };
    const cpus = members.map((cpu) => [cpu.pcpu, cpu.driver, cpu.speeds]);
    return {
      id,
      pcpus: members.map(({ pcpu }) => pcpu),
      driver,
      table: speeds.table,
      // With both limits on one speed, any speed can be set.
      anySpeed: scaling.files === "min-max",
      priority: new Set(members.filter((cpu) => cpu.speeds.priority).map(({ pcpu }) => pcpu)),
      scopes: policies.map((policy) => new PolicyScope(policy, means)),
      key: JSON.stringify([id, cpus, policies]),
    };
  }

  #warnings({ clocks, mismatches, shared }: Survey): string[] {
    const warnings = [
      ...mismatches.map(
        ({ pcpu, other }) =>
          `CPU ${pcpu} and CPU ${other} share a clock but have different speeds: they are scaled separately`,
      ),
      ...sharedWarnings(shared),
    ];
    const halves = clocks
      .flatMap(({ members }) => members)
      .filter(({ neighbours }) => neighbours.some((pcpu) => !this.#permitted.isManaged(pcpu)));
    if (halves.length === 0) return warnings;
    const list = formatCpuList(halves.map(({ pcpu }) => pcpu));
    return [
      ...warnings,
      `CPU ${list}: CPUs on the same clock are not in ManagedCpus, and the higher speed takes effect for all`,
    ];
  }

  hasChanged(): boolean {
    const before = this.#survey;
    if (before === undefined) return true;
    const { host, readings } = before;
    if (differs(host.readings)) return true;
    return this.#turns.next(host.pcpus).some((pcpu) => differs(readings.get(pcpu)));
  }

  observe(pcpu: Pcpu): Observation | undefined {
    const observed = looked(() => {
      const say = (file: string) => readText(`${this.#root}/cpu${pcpu}/cpufreq/${file}`);
      const governor = say("scaling_governor");
      const minKhz = parseKhz(say("scaling_min_freq"));
      const maxKhz = parseKhz(say("scaling_max_freq"));
      if (governor === undefined || minKhz === undefined || maxKhz === undefined) return undefined;
      return { governor, minKhz, maxKhz, currentKhz: realKhz(say), socket: this.#socketOf(pcpu) };
    });
    return observed.ok ? observed.value : undefined;
  }

  /** Throws `LookFailed`. */
  #socketOf(pcpu: Pcpu): number | undefined {
    if (!this.#sockets.has(pcpu))
      this.#sockets.set(pcpu, parseNumber(readText(`${this.#root}/cpu${pcpu}/topology/physical_package_id`)));
    return this.#sockets.get(pcpu);
  }

  find(saved: SavedScope): Result<Pick<Scope, "write"> | "renewed"> {
    const found = looked(() => this.#find(saved));
    return found.ok ? found.value : failure(`${saved.scope}: ${found.why}`);
  }

  #find({ scope, pcpus, driver }: SavedScope): Result<Pick<Scope, "write"> | "renewed"> {
    const path = `${this.#root}/${scope}`;
    if (pcpus.length > 0 && pcpus.every((pcpu) => !isOnline(this.#root, pcpu)))
      return failure(`${scope}: CPU ${pcpus.join(", ")} offline`);
    if (!isItself(path)) return failure(`${scope}: no such directory`);
    const driverNow = readText(`${path}/scaling_driver`);
    if (driverNow === undefined) return failure(`${scope}/scaling_driver cannot be read`);
    // Another driver has made the cpufreq policy anew, and its governors with the same names mean something else.
    if (driverNow !== driver) return success("renewed");
    return success({
      write: (values) => putBack({ disk: this.#disk, root: this.#root, path, plain: this.#plain }, values),
    });
  }
}

/** What cannot be read for the moment counts as unchanged. */
function differs(readings: Readings | undefined): boolean {
  const same = looked(() => readings?.areSame());
  return same.ok && same.value === false;
}

/** The root without symbolic links; unchanged if it cannot be resolved. */
function realRoot(root: string): string {
  try {
    return fs.realpathSync(root);
  } catch {
    return root;
  }
}

/**
 * The speed at which a CPU runs: `cpuinfo_avg_freq` (Linux 6.15, an average that the hardware counts; it has no value for an
 * idle CPU), else `scaling_cur_freq`. On x86 that is counted too where the CPU has APERF and MPERF; elsewhere it may be what
 * was set last.
 */
function realKhz(say: (file: string) => string | undefined): number | undefined {
  return parseKhz(say("cpuinfo_avg_freq")) ?? parseKhz(say("scaling_cur_freq"));
}

function isItself(path: string): boolean {
  try {
    return fs.realpathSync(path) === path && fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}

import type { Contract } from "../../arbiter/view.ts";
import { type Knobs, NO_KNOBS, sameKnobs } from "../../base/knobs.ts";
import type { Config, VmConfig } from "../../config/config.ts";
import { type OwnWords, type Resolved, resolve } from "../../config/contract/rules.ts";
import { VM_KEYS } from "../../config/keys.ts";
import { isForVm } from "../../config/schedule/schedules.ts";
import { valuesOf } from "../../config/settings.ts";

/** The most VMs whose contracts are kept. Names of sockets come from the hypervisor, so a guest cannot fill the table. */
const VMS_MAX = 10_000;

/** What holds for one VM, and where each value comes from. */
interface Kept {
  readonly resolved: Resolved;
  readonly values: VmConfig;
  readonly contract: Contract;
}

/** The contracts of VMs, each decided once and again after a change of what it follows from. */
export class Contracts {
  readonly #config: () => Config;
  readonly #wordsOf: (vm: string) => OwnWords;
  readonly #kept = new Map<string, Kept>();
  #from: Config;

  /** `wordsOf` returns what is said about a VM outside the configuration files. */
  constructor(config: () => Config, wordsOf: (vm: string) => OwnWords) {
    this.#config = config;
    this.#wordsOf = wordsOf;
    this.#from = config();
  }

  /** The contract of a VM. Until something changes it is the same object. */
  of(vm: string): Contract {
    return this.#keep(vm).contract;
  }

  /** The values of all keys. */
  values(vm: string): VmConfig {
    return this.#keep(vm).values;
  }

  /** Where the values come from. */
  resolved(vm: string): Resolved {
    return this.#keep(vm).resolved;
  }

  /** Decides a VM's contract again, because an operator or its definition says something else now. */
  changed(vm: string): void {
    this.#kept.delete(vm);
  }

  #keep(vm: string): Kept {
    const config = this.#config();
    if (this.#from !== config) this.#kept.clear();
    this.#from = config;
    let kept = this.#kept.get(vm);
    if (kept === undefined) {
      if (this.#kept.size >= VMS_MAX) this.#kept.clear();
      const resolved = resolve(vm, config.rules, this.#wordsOf(vm));
      const values = valuesOf(VM_KEYS, resolved.values);
      const schedules = config.schedules.filter((each) => isForVm(each, vm)).map(({ name }) => name);
      kept = { resolved, values, contract: { ...contractOf(values), schedules } };
      this.#kept.set(vm, kept);
    }
    return kept;
  }
}

/** The contract that the configuration files alone make for a VM. */
export function configuredContract(vm: string, { rules }: Config): Contract {
  return contractOf(valuesOf(VM_KEYS, resolve(vm, rules, {}).values));
}

/** What a contract asks for beside speeds; undefined if nothing. */
function knobsOf({ epp, resumeLatencyUs, governor, ...more }: VmConfig): Knobs | undefined {
  const known = <T>(value: T | "none" | undefined) => (value === "none" ? undefined : value);
  const uncore = { minKhz: known(more.uncoreMinKhz), maxKhz: known(more.uncoreMaxKhz) };
  const knobs = {
    epp: known(epp),
    resumeLatencyUs: known(resumeLatencyUs),
    governors: known(governor),
    uncore: uncore.minKhz === undefined && uncore.maxKhz === undefined ? undefined : uncore,
  };
  return sameKnobs(knobs, NO_KNOBS) ? undefined : knobs;
}

function contractOf(values: VmConfig): Contract {
  const { minKhz, maxKhz, turbo, query, physicalCores, dryRun, operations, policies } = values;
  const { emulatorMinKhz, minDwellMs, leaseSec } = values;
  const knobs = knobsOf(values);
  return {
    ...(knobs === undefined ? {} : { knobs }),
    ...{ minKhz, maxKhz, turbo, query, physicalCores, dryRun, operations, policies },
    ...{ emulatorMinKhz, minDwellMs, leaseSec },
  };
}

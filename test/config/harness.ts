import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { Config, VmConfig } from "../../src/config/config.ts";
import { resolve } from "../../src/config/contract/rules.ts";
import { VM_KEYS } from "../../src/config/keys.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import { formatProblem, type Problem } from "../../src/config/problem.ts";
import { valuesOf } from "../../src/config/settings.ts";

/** A configuration, with what holds for each VM that has a section of its own instead of the sections. */
export type Held = Omit<Config, "rules" | "listing" | "schedules" | "apps"> & {
  readonly vms: ReadonlyMap<string, VmConfig>;
};

export function held({ rules, listing: _, schedules: __, apps: ___, ...sections }: Config): Held {
  const values = (vm: string) => valuesOf(VM_KEYS, resolve(vm, rules, {}).values);
  return { ...sections, vms: new Map([...rules.exact.keys()].map((vm) => [vm, values(vm)])) };
}

/** The configuration of an empty file. */
export const DEFAULTS: Held = {
  daemon: {
    controlSocket: "/run/vm-power/control.sock",
    monitorSocket: "/run/vm-power/monitor.sock",
    monitorAccess: "group",
    runtimeDirectory: "/run/vm-power",
    stateDirectory: "/var/lib/vm-power",
    historyMegabytes: 16,
    logLevel: "info",
  },
  channels: {
    directory: "/tmp/powermonitor",
    autoAdd: true,
    trustedUsers: ["root", "libvirt-qemu", "qemu"],
    strictDirectory: false,
    fifos: false,
  },
  cpufreq: {
    root: "/sys/devices/system/cpu",
    managedCpus: "all",
    reserved: undefined,
    parked: "keep",
    parkAfterSec: 60,
    multiPin: "all",
    multiPinMax: 4,
    onExit: "restore",
    onDrift: "reassert",
    dryRun: false,
  },
  hypervisor: {
    driver: "auto",
    uri: "qemu:///system",
    socket: undefined,
    metadata: true,
    containers: false,
  },
  metrics: { textfile: undefined, interval: 15, listen: undefined, allowRemote: false },
  energy: { meters: "auto", powercap: "/sys/class/powercap", hwmon: "/sys/class/hwmon", interval: 10 },
  schedule: { timeZone: undefined },
  vms: new Map(),
};

/** The contract of an empty section. */
export const VM_DEFAULTS = {
  vcpus: undefined,
  class: undefined,
  minKhz: undefined,
  maxKhz: undefined,
  emulatorMinKhz: undefined,
  turbo: true,
  query: false,
  energy: false,
  operations: ["up", "down", "min", "max", "turbo", "no-turbo"],
  policies: ["time", "workload", "traffic"],
  requestsPerSecond: 10_000,
  burst: 10_000,
  minDwellMs: 0,
  leaseSec: 0,
  epp: undefined,
  resumeLatencyUs: undefined,
  uncoreMinKhz: undefined,
  uncoreMaxKhz: undefined,
  governor: undefined,
  physicalCores: false,
  dryRun: false,
  attachAtStart: false,
  abi: "auto",
} as const;

/** The result of loading, with problems as an operator sees them, without the directory. */
export interface Told {
  readonly config?: Held;
  readonly said: string[];
}

/** A directory for one test. */
export class ConfigDirectory implements Disposable {
  readonly dir = mkdtempSync(`${tmpdir()}/vm-power-config-`);
  readonly path = `${this.dir}/vm-power.conf`;

  /** Writes files, and loads them. */
  load(files: Record<string, string | Uint8Array>): Told {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(`${this.dir}/${name}`), { recursive: true });
      writeFileSync(`${this.dir}/${name}`, content);
    }
    return this.told(loadConfig(this.path));
  }

  told(loaded: Loaded): Told {
    const say = (problem: Problem) => formatProblem(problem).replaceAll(`${this.dir}/`, "");
    if ("problems" in loaded) return { said: loaded.problems.map(say) };
    return { config: held(loaded.config), said: loaded.warnings.map(say) };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }
}

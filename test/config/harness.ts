import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import { formatProblem, type Problem } from "../../src/config/problem.ts";

/** The configuration of an empty file. */
export const DEFAULTS: Config = {
  daemon: {
    controlSocket: "/run/vm-power/control.sock",
    monitorSocket: "/run/vm-power/monitor.sock",
    monitorAccess: "group",
    runtimeDirectory: "/run/vm-power",
    stateDirectory: "/var/lib/vm-power",
    logLevel: "info",
  },
  channels: {
    directory: "/tmp/powermonitor",
    autoAdd: true,
    trustedUsers: ["root", "libvirt-qemu", "qemu"],
    strictDirectory: false,
  },
  cpufreq: {
    root: "/sys/devices/system/cpu",
    managedCpus: "all",
    multiPin: "all",
    multiPinMax: 4,
    onExit: "restore",
    onDrift: "reassert",
    dryRun: false,
  },
  hypervisor: { driver: "libvirt", uri: "qemu:///system", socket: undefined },
  metrics: { textfile: undefined, interval: 15, listen: undefined, allowRemote: false },
  vms: new Map(),
};

/** The contract of an empty section. */
export const VM_DEFAULTS = {
  vcpus: undefined,
  minKhz: undefined,
  maxKhz: undefined,
  turbo: true,
  query: false,
  physicalCores: false,
  dryRun: false,
  abi: "auto",
} as const;

/** The result of loading, with problems as an operator sees them, without the directory. */
export interface Told {
  readonly config?: Config;
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
    return { config: loaded.config, said: loaded.warnings.map(say) };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }
}

import type { Disk } from "./disk.ts";
import { errnoError } from "./errno.ts";
import {
  CPU_ROOT,
  GOVERNORS,
  groupOf,
  type Hardware,
  INTEL_GOVERNORS,
  type Policy,
  SETTABLE,
  type Settable,
  settableKhz,
  type Witness,
} from "./kernel-policy.ts";

/** The cpufreq of the kernel: its policies and their files in sysfs. */
export class Kernel {
  readonly hardware: Hardware;
  /** By CPU; undefined while it is offline. */
  readonly policyOf: (Policy | undefined)[] = [];
  readonly isOnline: boolean[] = [];
  witness: Witness = () => {};
  refusals = 0;
  readonly #disk: Disk;
  #policies: readonly Policy[] | undefined;
  /** Policies without a CPU that is online, by their first CPU. The kernel keeps their settings until it reboots. */
  readonly #away = new Map<number, Policy>();

  constructor(hardware: Hardware, disk: Disk) {
    this.hardware = hardware;
    this.#disk = disk;
    this.boot();
  }

  /** Makes everything as it is after a boot. */
  boot(): void {
    this.#disk.mkdir(CPU_ROOT);
    this.#disk.empty(this.#disk.directoryAt(CPU_ROOT, "boot"));
    this.#disk.mkdir(`${CPU_ROOT}/cpufreq`);
    const { cpus } = this.hardware;
    for (let cpu = 0; cpu < cpus; cpu++) {
      this.isOnline[cpu] = true;
      this.#disk.mkdir(`${CPU_ROOT}/cpu${cpu}/topology`);
      this.#file(`${CPU_ROOT}/cpu${cpu}/online`, () => (this.isOnline[cpu] ? "1" : "0"));
      const siblings = groupOf(cpu, this.hardware.threads, this.hardware).filter((one) => this.isOnline[one]);
      this.#file(`${CPU_ROOT}/cpu${cpu}/topology/thread_siblings_list`, () => siblings.join(","));
    }
    const online = () => [...this.isOnline.keys()].filter((cpu) => this.isOnline[cpu]);
    this.#file(`${CPU_ROOT}/online`, () => online().join(","));
    if (this.hardware.driver === "intel_pstate") {
      this.#disk.mkdir(`${CPU_ROOT}/intel_pstate`);
      this.#file(`${CPU_ROOT}/intel_pstate/no_turbo`, () => "0");
      this.#file(`${CPU_ROOT}/intel_pstate/status`, () => "active");
    }
    this.reload();
  }

  /** Makes all policies anew, as when the driver is loaded again. */
  reload(): void {
    for (const policy of new Set(this.policyOf)) if (policy !== undefined) this.#remove(policy);
    this.#away.clear();
    for (let cpu = 0; cpu < this.hardware.cpus; cpu += this.hardware.perPolicy)
      if (groupOf(cpu, this.hardware.perPolicy, this.hardware).some((one) => this.isOnline[one]))
        this.#show(this.#newPolicy(cpu));
  }

  /** The policies that are there. The same list as long as none comes or goes. */
  policies(): readonly Policy[] {
    this.#policies ??= [...new Set(this.policyOf)].filter((policy) => policy !== undefined);
    return this.#policies;
  }

  /** CPU 0 cannot be switched off. */
  switchCpu(cpu: number, online: boolean): void {
    if (cpu === 0 || this.isOnline[cpu] === online) return;
    this.isOnline[cpu] = online;
    const { perPolicy } = this.hardware;
    const first = cpu - (cpu % perPolicy);
    const old = this.policyOf[first] ?? this.policyOf[cpu];
    const anyOnline = groupOf(first, perPolicy, this.hardware).some((one) => this.isOnline[one]);
    if (online && old === undefined) this.#show(this.#away.get(first) ?? this.#newPolicy(first));
    else if (!anyOnline && old !== undefined) {
      this.#remove(old);
      this.#away.set(first, old);
    }
  }

  /** The speed that a policy runs at most at, and whether that is one speed that somebody set. */
  speedOf({ state, limitKhz }: Policy): { readonly khz: number; readonly isSet: boolean } {
    const maxKhz = Math.min(state.maxKhz, limitKhz);
    if (this.hardware.driver === "intel_pstate")
      return { khz: maxKhz, isSet: state.governor === "performance" && state.minKhz === state.maxKhz };
    switch (state.governor) {
      case "userspace":
        return { khz: Math.max(state.minKhz, Math.min(state.setKhz, maxKhz)), isSet: true };
      case "powersave":
        return { khz: state.minKhz, isSet: false };
      default:
        return { khz: maxKhz, isSet: false };
    }
  }

  /** Another program, or the daemon, writes a file of a policy. Throws what the kernel answers. */
  write(policy: Policy, file: Settable, text: string): void {
    if (!policy.isThere) throw errnoError("ENODEV", "write", file);
    if (policy.refuses !== undefined) {
      this.refusals++;
      throw errnoError(policy.refuses, "write", file);
    }
    this.#set(policy, file, text.trim());
    policy.writes++;
    this.witness(policy, file, text);
  }

  #set(policy: Policy, file: Settable, text: string): void {
    const { state } = policy;
    const khz = this.#khz;
    const highest = khz[0] as number;
    const lowest = khz.at(-1) as number;
    const refuse = () => errnoError("EINVAL", "write", file);
    const value = Number(text);
    if (file !== "scaling_governor" && !/^\d+$/.test(text)) throw refuse();
    switch (file) {
      case "scaling_governor": {
        const known = this.hardware.driver === "intel_pstate" ? INTEL_GOVERNORS : GOVERNORS;
        if (!known.includes(text)) throw refuse();
        if (text === "userspace" && state.governor !== "userspace")
          policy.askedKhz = state.setKhz = this.speedOf(policy).khz;
        state.governor = text;
        return;
      }
      case "scaling_min_freq":
        if (value > state.maxKhz) throw refuse();
        state.minKhz = Math.max(lowest, value);
        state.setKhz = settableKhz(policy, this.#khz);
        return;
      case "scaling_max_freq":
        if (value < state.minKhz) throw refuse();
        state.maxKhz = Math.min(highest, value);
        state.setKhz = settableKhz(policy, this.#khz);
        return;
      case "scaling_setspeed": {
        if (state.governor !== "userspace") throw refuse();
        policy.askedKhz = value;
        state.setKhz = settableKhz(policy, this.#khz);
        return;
      }
    }
  }

  get #khz(): readonly number[] {
    return this.hardware.khz;
  }

  read(policy: Policy, file: Settable): string {
    if (!policy.isThere) throw errnoError("ENODEV", "read", file);
    const { state } = policy;
    switch (file) {
      case "scaling_governor":
        return `${state.governor}\n`;
      case "scaling_min_freq":
        return `${state.minKhz}\n`;
      case "scaling_max_freq":
        return `${Math.min(state.maxKhz, policy.limitKhz)}\n`;
      case "scaling_setspeed":
        return state.governor === "userspace" ? `${this.speedOf(policy).khz}\n` : "<unsupported>\n";
    }
  }

  #newPolicy(first: number): Policy {
    const cpus = groupOf(first, this.hardware.perPolicy, this.hardware);
    const [highest = 0] = this.#khz;
    const lowest = this.#khz.at(-1) ?? 0;
    const state = { governor: this.hardware.governor, minKhz: lowest, maxKhz: highest, setKhz: highest };
    return {
      ...{ cpus, name: `policy${first}`, initial: { ...state }, state, askedKhz: highest },
      ...{ isThere: true, refuses: undefined, limitKhz: Number.POSITIVE_INFINITY, writes: 0 },
    };
  }

  /** Shows the files of a policy. */
  #show(policy: Policy): void {
    this.#policies = undefined;
    const { cpus, name } = policy;
    const [highest = 0] = this.#khz;
    const lowest = this.#khz.at(-1) ?? 0;
    policy.isThere = true;
    const path = `${CPU_ROOT}/cpufreq/${name}`;
    this.#disk.mkdir(path);
    this.#constant(path, policy, {
      scaling_driver: this.hardware.driver,
      related_cpus: cpus.join(" "),
      affected_cpus: cpus.filter((cpu) => this.isOnline[cpu]).join(" "),
      cpuinfo_min_freq: `${lowest}`,
      cpuinfo_max_freq: `${highest}`,
    });
    if (this.hardware.driver === "intel_pstate")
      this.#constant(path, policy, {
        base_frequency: `${this.hardware.baseKhz}`,
        scaling_available_governors: INTEL_GOVERNORS.join(" "),
      });
    else
      this.#constant(path, policy, {
        scaling_available_frequencies: this.#khz.join(" "),
        scaling_available_governors: GOVERNORS.join(" "),
      });
    const cur = { read: () => `${this.speedOf(policy).khz}\n`, write: () => {} };
    this.#attribute(`${path}/scaling_cur_freq`, cur);
    for (const file of SETTABLE) {
      const read = () => this.read(policy, file);
      this.#attribute(`${path}/${file}`, { read, write: (text) => this.write(policy, file, text) });
    }
    for (const cpu of cpus) {
      this.policyOf[cpu] = policy;
      const directory = this.#disk.directoryAt(`${CPU_ROOT}/cpu${cpu}`, "make");
      this.#disk.put(directory, "cpufreq", this.#disk.link(`../cpufreq/${name}`));
    }
  }

  #remove(policy: Policy): void {
    this.#policies = undefined;
    policy.isThere = false;
    this.#disk.remove(this.#disk.directoryAt(`${CPU_ROOT}/cpufreq`, "remove"), policy.name);
    for (const cpu of policy.cpus) {
      this.policyOf[cpu] = undefined;
      this.#disk.remove(this.#disk.directoryAt(`${CPU_ROOT}/cpu${cpu}`, "remove"), "cpufreq");
    }
  }

  #constant(path: string, policy: Policy, files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      const read = () => {
        if (!policy.isThere) throw errnoError("ENODEV", "read", file);
        return `${text}\n`;
      };
      this.#attribute(`${path}/${file}`, { read, write: () => {} });
    }
  }

  #file(path: string, text: () => string): void {
    this.#attribute(path, { read: () => `${text()}\n`, write: () => {} });
  }

  #attribute(path: string, attribute: { read(): string; write(text: string): void }): void {
    const { directory, name } = this.#disk.parent(path, "make");
    this.#disk.put(directory, name, this.#disk.attribute(attribute));
  }
}

import type { Result } from "../../src/base/result.ts";
import { openXenControl, type XenControl } from "../../src/os/xen/control.ts";
import type { HypercallDevice } from "../../src/os/xen/privcmd.ts";
import type { PlayedDomain, PlayedPolicy } from "./played-domains.ts";

// A Xen that answers hypercalls as Xen 4.17 does, laid out by hand after its public headers. The answers of a real one are
// compared with it in recorded.test.ts.

const MEMORY_BYTES = 128 * 1024;

const ADDRESS = 0x7f12_3456_7000;
const [ENOENT, ESRCH, EAGAIN, EACCES, EFAULT, EINVAL] = [2, 3, 11, 13, 14, 22];

export class PlayedXen implements HypercallDevice {
  readonly memory = new ArrayBuffer(MEMORY_BYTES);
  readonly address = ADDRESS;
  sysctlVersion = 0x15;
  domctlVersion = 0x15;
  commandLine = "placeholder cpufreq=xen:userspace";
  /** Undefined: an error of the whole host. */
  cpufreqError: number | undefined;
  policies: PlayedPolicy[] = [];
  /** Core of each CPU, in socket 0. */
  cores: number[] = [];
  offline = new Set<number>();
  driver = "acpi-cpufreq";
  governors = ["performance", "powersave", "ondemand", "userspace"];
  pools = new Map([[0, [0, 1, 2, 3]]]);
  domains: PlayedDomain[] = [];
  /** Changes that were accepted, and versions that were refused. */
  readonly log: string[] = [];
  /** Called before a change is made; an error's number refuses it. */
  before: (what: string) => number | undefined = () => undefined;
  closed = 0;
  readonly #view = new DataView(this.memory);

  call(number: number, first: number, second = 0): number {
    switch (number) {
      case 17:
        if (first === 0) return (4 << 16) | 17;
        this.#text(second - ADDRESS, this.commandLine);
        return 0;
      case 35:
        return first === ADDRESS ? -this.#sysctl() : -EFAULT;
      case 36:
        return first === ADDRESS ? -this.#domctl() : -EFAULT;
      default:
        throw new Error(`hypercall ${number}`);
    }
  }

  close(): void {
    this.closed++;
  }

  /** What opens it. */
  readonly open = (): Result<XenControl> => openXenControl(() => ({ ok: true, value: this }));

  #sysctl(): number {
    const view = this.#view;
    const [command, version] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (version !== this.sysctlVersion) {
      this.log.push(`sysctl ${version.toString(16)} refused`);
      return EACCES;
    }
    switch (command) {
      case 3:
        view.setUint32(8 + 8, this.cores.length - this.offline.size, true);
        view.setUint32(8 + 12, this.cores.length - 1, true);
        return 0;
      case 6:
        return this.#listDomains();
      case 12:
        return this.#pm();
      case 16:
        for (const [cpu, core] of this.cores.entries()) {
          const at = this.#pointer(8 + 8) + cpu * 12;
          view.setUint32(at, this.offline.has(cpu) ? 0xffff_ffff : core, true);
          view.setUint32(at + 4, 0, true);
        }
        view.setUint32(8, this.cores.length, true);
        return 0;
      case 18:
        return this.#cpupool();
      default:
        throw new Error(`sysctl ${command}`);
    }
  }

  #listDomains(): number {
    const view = this.#view;
    const [first, most] = [view.getUint16(8, true), view.getUint32(12, true)];
    const listed = this.domains.filter(({ id }) => id >= first).slice(0, most);
    for (const [i, domain] of listed.entries()) {
      const at = this.#pointer(16) + i * 112;
      view.setUint16(at, domain.id, true);
      view.setUint32(at + 4, domain.flags, true);
      view.setUint32(at + 68, domain.vcpus.length - 1, true);
      for (let byte = 0; byte < 16; byte++)
        view.setUint8(at + 76 + byte, Number.parseInt(domain.handle.slice(byte * 2, byte * 2 + 2), 16));
      view.setUint32(at + 92, domain.pool, true);
    }
    view.setUint32(8 + 16, listed.length, true);
    return 0;
  }

  #cpupool(): number {
    const view = this.#view;
    const wanted = view.getUint32(8 + 4, true);
    const id = [...this.pools.keys()].sort((a, b) => a - b).find((each) => each >= wanted);
    if (view.getUint32(8, true) !== 3 || id === undefined) return ENOENT;
    view.setUint32(8 + 4, id, true);
    this.#cpumap(8 + 24, this.pools.get(id) ?? []);
    return 0;
  }

  #pm(): number {
    const view = this.#view;
    const [command, cpu] = [view.getUint32(8, true), view.getUint32(12, true)];
    if (cpu >= this.cores.length || this.offline.has(cpu)) return EINVAL;
    if (this.cpufreqError !== undefined) return this.cpufreqError;
    const policy = this.policies.find(({ cpus }) => cpus.includes(cpu));
    if (policy === undefined) return EINVAL;
    switch (command) {
      case 0x11:
        return this.#para(policy);
      case 0x12: {
        const governor = this.#read(16, 16);
        if (!this.governors.includes(governor)) return EINVAL;
        return this.#change(`cpu${cpu} governor ${governor}`, () => {
          policy.governor = governor;
          // An idle host: ondemand goes to the lowest speed; userspace leaves the speed as it is.
          if (governor === "performance") policy.currentKhz = policy.maxKhz;
          else if (governor !== "userspace") policy.currentKhz = policy.minKhz;
        });
      }
      case 0x13: {
        if (view.getUint32(16, true) !== 3 || policy.governor !== "userspace") return EINVAL;
        const khz = view.getUint32(20, true);
        return this.#change(`cpu${cpu} speed ${khz}`, () => {
          policy.currentKhz = Math.min(policy.maxKhz, Math.max(policy.minKhz, khz));
        });
      }
      default:
        throw new Error(`pm_op ${command}`);
    }
  }

  #change(what: string, change: () => void): number {
    const error = this.before(what);
    if (error !== undefined) return error;
    this.log.push(what);
    change();
    return 0;
  }

  #para(policy: PlayedPolicy): number {
    const view = this.#view;
    const counts = [policy.cpus.length, policy.khz.length, this.governors.length];
    if (counts.some((count, i) => view.getUint32(16 + i * 4, true) !== count)) {
      for (const [i, count] of counts.entries()) view.setUint32(16 + i * 4, count, true);
      return EAGAIN;
    }
    for (const [i, cpu] of policy.cpus.entries()) view.setUint32(this.#pointer(32) + i * 4, cpu, true);
    for (const [i, khz] of policy.khz.entries()) view.setUint32(this.#pointer(40) + i * 4, khz, true);
    this.#text(this.#pointer(48), this.governors.join(" "));
    this.#text(56, this.driver);
    view.setUint32(84, policy.currentKhz, true);
    new Uint8Array(this.memory, 88, 16).fill(0);
    this.#text(88, policy.governor);
    view.setUint32(104, policy.maxKhz, true);
    view.setUint32(108, policy.minKhz, true);
    return 0;
  }

  #domctl(): number {
    const view = this.#view;
    const [command, version] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (version !== this.domctlVersion) {
      this.log.push(`domctl ${version.toString(16)} refused`);
      return EACCES;
    }
    const domain = this.domains.find(({ id }) => id === view.getUint16(8, true));
    const vcpu = domain?.vcpus[view.getUint32(16, true)];
    if (domain === undefined || vcpu === undefined) return ESRCH;
    switch (command) {
      case 9:
        vcpu.pins = this.#readCpumap(16 + 8);
        return 0;
      case 14:
        view.setUint8(20, vcpu.online ? 1 : 0);
        view.setUint8(22, vcpu.online ? 1 : 0);
        view.setBigUint64(24, 5_000_000_000n, true);
        view.setUint32(32, vcpu.pins[0] ?? 0, true);
        return 0;
      case 25:
        this.#cpumap(16 + 8, vcpu.pins);
        return 0;
      default:
        throw new Error(`domctl ${command}`);
    }
  }

  /** The place that an address in the parameters refers to. */
  #pointer(at: number): number {
    return Number(this.#view.getBigUint64(at, true)) - ADDRESS;
  }

  #cpumap(at: number, cpus: readonly number[]): void {
    const map = this.#pointer(at);
    for (const cpu of cpus)
      this.#view.setUint8(map + (cpu >> 3), this.#view.getUint8(map + (cpu >> 3)) | (1 << (cpu & 7)));
  }

  #readCpumap(at: number): number[] {
    const map = this.#pointer(at);
    const count = this.#view.getUint32(at + 8, true);
    return Array.from({ length: count }, (_, cpu) => cpu).filter(
      (cpu) => (this.#view.getUint8(map + (cpu >> 3)) >> (cpu & 7)) & 1,
    );
  }

  #text(at: number, text: string): void {
    new Uint8Array(this.memory, at).set(new TextEncoder().encode(`${text}\0`));
  }

  #read(at: number, bytes: number): string {
    return new TextDecoder().decode(new Uint8Array(this.memory, at, bytes)).split("\0")[0] ?? "";
  }
}

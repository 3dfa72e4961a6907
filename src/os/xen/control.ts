import { failure, type Result, success } from "../../base/result.ts";
import { errnoText } from "../../base/system-error.ts";
import type { Errno } from "../errno.ts";
import { errnoName } from "../errno-name.ts";
import { HYPERCALL_MEMORY_BYTES, type HypercallDevice, openPrivcmd, type Unopened } from "./privcmd.ts";

// The hypervisor's interface for control software, xen/include/public/{sysctl,domctl,version}.h. It is not stable: a
// structure that changes gets another version of the interface, and Xen refuses a call with a version that is not its own
// (EACCES) before it looks at anything else. All that is used here has the same layout in Xen 4.16 to 4.22 on x86; the
// layouts were compared by a compiler.

const XEN_VERSION = 17;
const COMMAND_LINE = 9;
const COMMAND_LINE_BYTES = 1024;

const SYSCTL = 35;
const DOMCTL = 36;

const EACCES = 13;

/** Versions of the two interfaces whose layout is known, with Xen 4.17's first. */
const SYSCTL_VERSIONS = [0x15, 0x14, 0x16] as const;
const DOMCTL_VERSIONS = [0x15, 0x14, 0x16, 0x17, 0x18] as const;

/** A harmless question of each interface, to find its version. */
const PHYSICAL_INFO = 3;
const VCPU_INFO = 14;

/** Bytes of the larger structure, a `struct xen_domctl`; the data begins in the second page. */
const STRUCT_BYTES = 144;
const DATA_AT = 4096;

/** Where the parameters of a sysctl and of a domctl begin. */
const SYSCTL_PARAMETERS_AT = 8;
const DOMCTL_DOMAIN_AT = 8;
const DOMCTL_PARAMETERS_AT = 16;

/** Asks the hypervisor and commands it. The caller fills in parameters and data, calls, and reads them. */
export class XenControl {
  /** Parameters of the next sysctl, and those that the last one returned. */
  readonly sysctlParameters: DataView;
  /** Those of a domctl. */
  readonly domctlParameters: DataView;
  /** Memory that parameters can refer to. */
  readonly data: DataView;
  readonly dataAddress: number;
  readonly #device: HypercallDevice;
  readonly #struct: DataView;
  #sysctlVersion = 0;
  #domctlVersion = 0;

  constructor(device: HypercallDevice) {
    const { memory, address } = device;
    this.#device = device;
    this.#struct = new DataView(memory, 0, STRUCT_BYTES);
    this.sysctlParameters = new DataView(memory, SYSCTL_PARAMETERS_AT, STRUCT_BYTES - SYSCTL_PARAMETERS_AT);
    this.domctlParameters = new DataView(memory, DOMCTL_PARAMETERS_AT, STRUCT_BYTES - DOMCTL_PARAMETERS_AT);
    this.data = new DataView(memory, DATA_AT, HYPERCALL_MEMORY_BYTES - DATA_AT);
    this.dataAddress = address + DATA_AT;
  }

  /** Finds the versions of the interfaces. Returns why this hypervisor cannot be used. */
  agree(): string | undefined {
    const sysctl = this.#versionOf(SYSCTL_VERSIONS, (version) => {
      this.#sysctlVersion = version;
      return this.sysctl(PHYSICAL_INFO);
    });
    if (sysctl !== undefined) return sysctl;
    return this.#versionOf(DOMCTL_VERSIONS, (version) => {
      this.#domctlVersion = version;
      return this.domctl(VCPU_INFO, 0);
    });
  }

  #versionOf(known: readonly number[], ask: (version: number) => number): string | undefined {
    for (const version of known) {
      this.clear();
      const error = ask(version);
      if (error === 0) return undefined;
      if (error !== EACCES) return `Xen refuses to be asked (${errnoName(error)}): is this dom0?`;
    }
    return `Xen ${this.#xenVersion()} has an interface that this vm-power does not know (it knows those of Xen 4.16 to 4.22): install a newer vm-power`;
  }

  #xenVersion(): string {
    const version = this.#device.call(XEN_VERSION, 0);
    return version < 0 ? "" : `${version >>> 16}.${version & 0xffff}`;
  }

  /** What Xen was booted with. */
  commandLine(): string {
    this.data.setUint8(0, 0);
    this.#device.call(XEN_VERSION, COMMAND_LINE, this.dataAddress);
    return this.text(this.data, 0, COMMAND_LINE_BYTES);
  }

  /** A text of at most so many bytes that ends with NUL. */
  text(from: DataView, at: number, bytesMax: number): string {
    let end = at;
    while (end < at + bytesMax && from.getUint8(end) !== 0) end++;
    return new TextDecoder().decode(new Uint8Array(from.buffer, from.byteOffset + at, end - at));
  }

  /** Clears the parameters. */
  clear(): void {
    for (let at = 0; at < STRUCT_BYTES; at += 4) this.#struct.setUint32(at, 0, true);
  }

  /** Makes a sysctl with the parameters. Returns 0, or the error's number. */
  sysctl(command: number): number {
    this.#struct.setUint32(0, command, true);
    this.#struct.setUint32(4, this.#sysctlVersion, true);
    return -this.#device.call(SYSCTL, this.#device.address);
  }

  /** Makes a domctl for a domain with the parameters. Returns 0, or the error's number. */
  domctl(command: number, domain: number): number {
    this.#struct.setUint32(0, command, true);
    this.#struct.setUint32(4, this.#domctlVersion, true);
    this.#struct.setUint32(DOMCTL_DOMAIN_AT, domain, true);
    return -this.#device.call(DOMCTL, this.#device.address);
  }

  /** Writes the address of a part of the data into parameters. */
  refer(parameters: DataView, at: number, offset: number): void {
    parameters.setBigUint64(at, BigInt(this.dataAddress + offset), true);
  }

  close(): void {
    this.#device.close();
  }
}

/** Opens the hypervisor's interface, or says why it cannot be used, with the remedy. */
export function openXenControl(
  open: () => Result<HypercallDevice, Unopened> = openPrivcmd,
): Result<XenControl> {
  // The structures have another layout on other machines, and Xen has no cpufreq there.
  if (open === openPrivcmd && process.arch !== "x64") return failure("Xen scales CPUs on x86 only");
  const device = open();
  if (!device.ok) return failure(unopened(device.why));
  const control = new XenControl(device.value);
  const problem = control.agree();
  if (problem === undefined) return success(control);
  control.close();
  return failure(problem);
}

const REMEDIES: Readonly<Record<Errno, string>> = {
  ENOENT: "modprobe xen-privcmd; the kernel must be Linux 4.18 or later",
  EACCES: "start vm-power by systemd or as root",
  EPERM: "start vm-power by systemd, whose unit allows the device in dom0, or as root",
};

function unopened({ path, errno }: Unopened): string {
  const remedy = REMEDIES[errno];
  const message = `Cannot use "${path}" to reach Xen: ${errnoText(errno)}`;
  return remedy === undefined ? message : `${message}; ${remedy}`;
}

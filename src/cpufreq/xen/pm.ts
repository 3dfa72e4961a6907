import type { Khz, Pcpu } from "../../base/domain.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoName } from "../../os/errno-name.ts";
import type { XenControl } from "../../os/xen/control.ts";

// Xen's own cpufreq, by the hypercalls that xenpm makes (xen/include/public/sysctl.h: XEN_SYSCTL_pm_op).

const PM_OP = 12;
const GET_PARA = 0x11;
const SET_GOVERNOR = 0x12;
const SET_PARA = 0x13;
const SCALING_SETSPEED = 3;

/** Offsets of the parameters of a pm_op. */
const AT = {
  command: 0,
  cpu: 4,
  /** Of SET_GOVERNOR. */
  newGovernor: 8,
  /** Of SET_PARA. */
  what: 8,
  value: 12,
  /** Of GET_PARA: sizes of the three arrays and their addresses. */
  cpuCount: 8,
  speedCount: 12,
  governorCount: 16,
  cpus: 24,
  speeds: 32,
  governors: 40,
  driver: 48,
  currentKhz: 76,
  governor: 80,
  maxKhz: 96,
  minKhz: 100,
} as const;

/** Bytes of the name of a driver or governor, with the NUL if there is room for it. */
const NAME_BYTES = 16;

/** The largest arrays, and where they are in the data. */
const ARRAYS = {
  cpus: { most: 4096, at: 0 },
  speeds: { most: 256, at: 16_384 },
  governors: { most: 32, at: 17_408 },
} as const;

const EAGAIN = 11;
const E2BIG = "E2BIG";

/** Looks that may be needed until the arrays have the right sizes. */
const ATTEMPTS = 3;

/** Xen's cpufreq. After {@link look} the properties are those of the CPU that was looked at. */
export class XenPm {
  readonly #control: XenControl;
  /** Sizes of the arrays. Xen demands the right ones; most CPUs of a host have the same. */
  #sizes = { cpus: 0, speeds: 0, governors: 0 };
  #named = "";

  constructor(control: XenControl) {
    this.#control = control;
  }

  /** Asks Xen about one CPU. */
  look(pcpu: Pcpu): Errno | undefined {
    const { sysctlParameters: parameters } = this.#control;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#begin(GET_PARA, pcpu);
      parameters.setUint32(AT.cpuCount, this.#sizes.cpus, true);
      parameters.setUint32(AT.speedCount, this.#sizes.speeds, true);
      parameters.setUint32(AT.governorCount, this.#sizes.governors, true);
      this.#control.refer(parameters, AT.cpus, ARRAYS.cpus.at);
      this.#control.refer(parameters, AT.speeds, ARRAYS.speeds.at);
      this.#control.refer(parameters, AT.governors, ARRAYS.governors.at);
      const error = this.#control.sysctl(PM_OP);
      if (error === 0) return undefined;
      if (error !== EAGAIN) return errnoName(error);
      this.#sizes = {
        cpus: parameters.getUint32(AT.cpuCount, true),
        speeds: parameters.getUint32(AT.speedCount, true),
        governors: parameters.getUint32(AT.governorCount, true),
      };
      if (!this.#fits()) return E2BIG;
    }
    return errnoName(EAGAIN);
  }

  #fits(): boolean {
    const { cpus, speeds, governors } = this.#sizes;
    const fits =
      cpus <= ARRAYS.cpus.most && speeds <= ARRAYS.speeds.most && governors <= ARRAYS.governors.most;
    if (!fits) this.#sizes = { cpus: 0, speeds: 0, governors: 0 };
    return fits;
  }

  get driver(): string {
    return this.#control.text(this.#control.sysctlParameters, AT.driver, NAME_BYTES);
  }

  /** The governor in force. Makes a new text only if it is another than the last one. */
  get governor(): string {
    const { sysctlParameters: parameters } = this.#control;
    const last = this.#named;
    for (let i = 0; i < NAME_BYTES; i++) {
      const code = i < last.length ? last.charCodeAt(i) : 0;
      if (parameters.getUint8(AT.governor + i) !== code) {
        this.#named = this.#control.text(parameters, AT.governor, NAME_BYTES);
        break;
      }
      if (code === 0) break;
    }
    return this.#named;
  }

  /** The speed that Xen has set. Under the governor userspace it is the one that was asked for, within the limits. */
  get currentKhz(): Khz {
    return this.#control.sysctlParameters.getUint32(AT.currentKhz, true);
  }

  get minKhz(): Khz {
    return this.#control.sysctlParameters.getUint32(AT.minKhz, true);
  }

  get maxKhz(): Khz {
    return this.#control.sysctlParameters.getUint32(AT.maxKhz, true);
  }

  /** The CPUs of its cpufreq policy. */
  get pcpus(): Pcpu[] {
    return this.#numbers(ARRAYS.cpus.at, this.#sizes.cpus);
  }

  /** The speeds that Xen offers, in kHz. */
  get speeds(): Khz[] {
    return this.#numbers(ARRAYS.speeds.at, this.#sizes.speeds);
  }

  /** The governors that Xen offers. */
  get governors(): string[] {
    const names = this.#control.text(
      this.#control.data,
      ARRAYS.governors.at,
      this.#sizes.governors * NAME_BYTES,
    );
    return names.split(" ").filter((name) => name !== "");
  }

  #numbers(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#control.data.getUint32(at + i * 4, true));
  }

  setGovernor(pcpu: Pcpu, governor: string): Errno | undefined {
    const { sysctlParameters: parameters } = this.#control;
    this.#begin(SET_GOVERNOR, pcpu);
    for (let i = 0; i < NAME_BYTES; i++)
      parameters.setUint8(AT.newGovernor + i, i < governor.length ? governor.charCodeAt(i) : 0);
    return this.#finish();
  }

  /** Sets the speed, which only the governor userspace allows (EINVAL). Called while a packet is handled. */
  setSpeed(pcpu: Pcpu, khz: Khz): Errno | undefined {
    const { sysctlParameters: parameters } = this.#control;
    this.#begin(SET_PARA, pcpu);
    parameters.setUint32(AT.what, SCALING_SETSPEED, true);
    parameters.setUint32(AT.value, khz, true);
    return this.#finish();
  }

  #begin(command: number, pcpu: Pcpu): void {
    this.#control.sysctlParameters.setUint32(AT.command, command, true);
    this.#control.sysctlParameters.setUint32(AT.cpu, pcpu, true);
  }

  #finish(): Errno | undefined {
    const error = this.#control.sysctl(PM_OP);
    return error === 0 ? undefined : errnoName(error);
  }
}

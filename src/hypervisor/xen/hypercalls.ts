import { CPU_NUMBER_END } from "../../base/cpu-list.ts";
import { type Pcpu, VCPUS_MAX, type Vcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoName } from "../../os/errno-name.ts";
import type { XenControl } from "../../os/xen/control.ts";
import { type DomainInfo, INFO_BYTES, readInfo } from "./domain-info.ts";

// Questions about domains, see xen/include/public/{sysctl,domctl}.h.

const DOMAIN_LIST = 6;
const CPUPOOL = 18;
const CPUPOOL_INFO = 3;
const SET_AFFINITY = 9;
const VCPU_INFO = 14;
const GET_AFFINITY = 25;

/** `XEN_VCPUAFFINITY_HARD` */
const HARD = 1;

/** How many domains one call lists. */
const DOMAINS_PER_CALL = 128;

/** More are not listed: domain ids end here (`DOMID_FIRST_RESERVED`). */
const DOMAIN_ID_END = 0x7ff0;

const CPUMAP_BYTES = CPU_NUMBER_END / 8;

/** A vCPU as Xen schedules it. */
export interface VcpuState {
  readonly online: boolean;
  readonly running: boolean;
  readonly blocked: boolean;
  readonly cpuTimeNs: number;
  readonly pcpu: Pcpu;
}

/** Asks Xen about domains. Each call takes microseconds and never waits. */
export class XenDomains {
  readonly #control: XenControl;

  constructor(control: XenControl) {
    this.#control = control;
  }

  /** The domains from an id on, at most {@link DOMAINS_PER_CALL}, and where to go on; undefined after the last one. */
  list(first: number): Result<{ readonly domains: DomainInfo[]; readonly next: number | undefined }, Errno> {
    const { sysctlParameters: parameters, data } = this.#control;
    this.#control.clear();
    parameters.setUint16(0, first, true);
    parameters.setUint32(4, DOMAINS_PER_CALL, true);
    this.#control.refer(parameters, 8, 0);
    const error = this.#control.sysctl(DOMAIN_LIST);
    if (error !== 0) return failure(errnoName(error));
    const count = Math.min(parameters.getUint32(16, true), DOMAINS_PER_CALL);
    const domains = Array.from({ length: count }, (_, i) => readInfo(data, i * INFO_BYTES));
    const last = domains.at(-1)?.id ?? DOMAIN_ID_END;
    const isAscending = domains.every(({ id }, i) => id >= first && id > (domains[i - 1]?.id ?? -1));
    // With another layout than expected the numbers would be in no order.
    if (!isAscending) return failure("its list of domains makes no sense");
    return success({ domains, next: count < DOMAINS_PER_CALL ? undefined : last + 1 });
  }

  /** One domain; undefined if there is none with this id. */
  one(id: number): DomainInfo | undefined {
    const { sysctlParameters: parameters, data } = this.#control;
    this.#control.clear();
    parameters.setUint16(0, id, true);
    parameters.setUint32(4, 1, true);
    this.#control.refer(parameters, 8, 0);
    if (this.#control.sysctl(DOMAIN_LIST) !== 0 || parameters.getUint32(16, true) !== 1) return undefined;
    const info = readInfo(data, 0);
    return info.id === id ? info : undefined;
  }

  /** The CPUs of a pool; undefined if there is none with this id. */
  pool(id: number): ReadonlySet<Pcpu> | undefined {
    const { sysctlParameters: parameters } = this.#control;
    this.#control.clear();
    parameters.setUint32(0, CPUPOOL_INFO, true);
    parameters.setUint32(4, id, true);
    this.#mapInto(parameters, 24);
    // Xen answers for the next pool if there is none with the id.
    if (this.#control.sysctl(CPUPOOL) !== 0 || parameters.getUint32(4, true) !== id) return undefined;
    return new Set(this.#readMap());
  }

  /** How a vCPU is; undefined if there is none. */
  vcpu(domain: number, vcpu: Vcpu): VcpuState | undefined {
    const { domctlParameters: parameters } = this.#control;
    this.#control.clear();
    parameters.setUint32(0, vcpu, true);
    if (this.#control.domctl(VCPU_INFO, domain) !== 0) return undefined;
    return {
      online: parameters.getUint8(4) !== 0,
      blocked: parameters.getUint8(5) !== 0,
      running: parameters.getUint8(6) !== 0,
      cpuTimeNs: Number(parameters.getBigUint64(8, true)),
      pcpu: parameters.getUint32(16, true),
    };
  }

  /** The CPUs that a vCPU may run on (its hard affinity), ascending; undefined if there is no such vCPU. */
  affinity(domain: number, vcpu: Vcpu): Pcpu[] | undefined {
    const { domctlParameters: parameters } = this.#control;
    this.#control.clear();
    parameters.setUint32(0, vcpu, true);
    parameters.setUint32(4, HARD, true);
    this.#mapInto(parameters, 8);
    return this.#control.domctl(GET_AFFINITY, domain) === 0 ? this.#readMap() : undefined;
  }

  /** Changes the hard affinity of a vCPU, as `xl vcpu-pin` does. */
  pin(domain: number, vcpu: Vcpu, pcpus: readonly Pcpu[]): Errno | undefined {
    const { domctlParameters: parameters, data } = this.#control;
    this.#control.clear();
    parameters.setUint32(0, vcpu, true);
    parameters.setUint32(4, HARD, true);
    this.#mapInto(parameters, 8);
    for (const pcpu of pcpus) data.setUint8(pcpu >> 3, data.getUint8(pcpu >> 3) | (1 << (pcpu & 7)));
    const error = this.#control.domctl(SET_AFFINITY, domain);
    return error === 0 ? undefined : errnoName(error);
  }

  /** Refers to an empty map of CPUs in the data. */
  #mapInto(parameters: DataView, at: number): void {
    for (let i = 0; i < CPUMAP_BYTES; i += 4) this.#control.data.setUint32(i, 0, true);
    this.#control.refer(parameters, at, 0);
    parameters.setUint32(at + 8, CPU_NUMBER_END, true);
  }

  #readMap(): Pcpu[] {
    const pcpus: Pcpu[] = [];
    for (let byte = 0; byte < CPUMAP_BYTES; byte++) {
      const bits = this.#control.data.getUint8(byte);
      for (let bit = 0; bits >> bit !== 0; bit++) if ((bits >> bit) & 1) pcpus.push(byte * 8 + bit);
    }
    return pcpus;
  }
}

/** The number of vCPUs that a domain can have, each with a number below it. */
export function vcpuCount({ highestVcpu }: DomainInfo): number {
  return highestVcpu === undefined ? 0 : Math.min(highestVcpu + 1, VCPUS_MAX);
}

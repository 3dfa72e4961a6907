import { CPU_NUMBER_END } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { XenControl } from "../../os/xen/control.ts";

const PHYSICAL_INFO = 3;
const CPU_TOPOLOGY = 16;

const ONLINE_COUNT_AT = 8;
const HIGHEST_CPU_AT = 12;
const TOPOLOGY_CPUS_AT = 0;
const TOPOLOGY_ARRAY_AT = 8;

/** Bytes of one CPU's core, socket and node. */
const PLACE_BYTES = 12;

/** `XEN_INVALID_CORE_ID` */
const NO_CORE = 0xffff_ffff;

/** The CPUs that Xen has, which dom0 does not: it sees only its own vCPUs. */
export interface PhysicalCpus {
  readonly count: number;
  readonly onlineCount: number;
  /** The core of each CPU, as `socket:core`; undefined where there is none. */
  readonly cores: readonly (string | undefined)[];
}

/** Asks Xen about its CPUs; none if it does not answer for the moment. */
export function physicalCpus(control: XenControl): PhysicalCpus {
  const { sysctlParameters: parameters, data } = control;
  control.clear();
  if (control.sysctl(PHYSICAL_INFO) !== 0) return { count: 0, onlineCount: 0, cores: [] };
  const onlineCount = parameters.getUint32(ONLINE_COUNT_AT, true);
  const count = Math.min(parameters.getUint32(HIGHEST_CPU_AT, true) + 1, CPU_NUMBER_END);
  control.clear();
  parameters.setUint32(TOPOLOGY_CPUS_AT, count, true);
  control.refer(parameters, TOPOLOGY_ARRAY_AT, 0);
  const known =
    control.sysctl(CPU_TOPOLOGY) === 0 ? Math.min(parameters.getUint32(TOPOLOGY_CPUS_AT, true), count) : 0;
  const cores = Array.from({ length: count }, (_, pcpu: Pcpu) => {
    if (pcpu >= known) return undefined;
    const core = data.getUint32(pcpu * PLACE_BYTES, true);
    return core === NO_CORE ? undefined : `${data.getUint32(pcpu * PLACE_BYTES + 4, true)}:${core}`;
  });
  return { count, onlineCount, cores };
}

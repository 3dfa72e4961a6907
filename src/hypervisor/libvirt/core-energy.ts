import { formatCpuList, parseCpuList } from "../../base/cpu-list.ts";
import type { Vcpu } from "../../base/domain.ts";
import { DOMAIN_BYTES_MIN, type DomainRef, readDomain, writeDomain } from "./messages.ts";
import { readParameters } from "./parameters.ts";
import { BOUND, CALL, STATS_CPU_TOTAL, STATS_NOWAIT } from "./protocol.ts";
import type { Question } from "./single-calls.ts";
import type { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

/** A domain of which libvirt tells no energy is not asked for it so long, in ms: an older libvirt never will. */
export const WITHOUT_ENERGY_MS = 3_600_000;

/**
 * The joules that the monitors of a domain's definition (`<energytune>`) have counted, by vCPUs and package; undefined if
 * it has none, or libvirt is older than 12.4.
 */
export function coreEnergyOf(domain: DomainRef): Question<ReadonlyMap<string, number> | undefined> {
  return {
    procedure: CALL.domainStats,
    // A list of one domain, the groups, the flags.
    args: writeDomain(domain, new XdrWriter().u32(1)).u32(STATS_CPU_TOTAL).u32(STATS_NOWAIT).bytes(),
    read: (reader) => readCounters(reader, domain),
  };
}

function readCounters(reader: XdrReader, { uuid }: DomainRef): ReadonlyMap<string, number> | undefined {
  const records = reader.count(BOUND.domains, DOMAIN_BYTES_MIN + 4);
  if (records === 0 || readDomain(reader)?.uuid !== uuid) return undefined;
  const told = readParameters(reader);
  const monitors = told.get("cpu.energy.monitor.count");
  return reader.ok && typeof monitors === "number" && monitors > 0 ? countersOf(told) : undefined;
}

/**
 * A monitor of all vCPUs of a group counts also what those of single vCPUs in it count, so a vCPU counts in the largest
 * that has it.
 */
function countersOf(told: ReadonlyMap<string, number | string>): Map<string, number> {
  const counters = new Map<string, number>();
  const counted = new Set<Vcpu>();
  const monitors = [...monitorsOf(told)].sort((a, b) => b.vcpus.length - a.vcpus.length);
  for (const { prefix, vcpus } of monitors) {
    if (vcpus.some((vcpu) => counted.has(vcpu))) continue;
    for (const vcpu of vcpus) counted.add(vcpu);
    for (let i = 0; ; i++) {
      const id = told.get(`${prefix}.pkg.${i}.id`);
      if (typeof id !== "number") break;
      const joules = told.get(`${prefix}.pkg.${i}.core_energy`);
      // The kernel may have no number for a package.
      if (typeof joules === "number" && joules >= 0 && Number.isFinite(joules))
        counters.set(`${formatCpuList(vcpus)}/${id}`, joules);
    }
  }
  return counters;
}

function* monitorsOf(told: ReadonlyMap<string, number | string>) {
  for (let i = 0; ; i++) {
    const prefix = `cpu.energy.monitor.${i}`;
    const list = told.get(`${prefix}.vcpus`);
    if (typeof list !== "string") return;
    const vcpus = parseCpuList(list);
    if (vcpus !== undefined && vcpus.length > 0) yield { prefix, vcpus };
  }
}

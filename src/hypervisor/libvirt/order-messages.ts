import type { Affected, Pin } from "../domain-orders.ts";
import { listToCpumap } from "./cpumaps.ts";
import { type DomainRef, readDomain, writeDomain } from "./messages.ts";
import { AFFECT_CONFIG, AFFECT_LIVE, BOUND, VCPU_MAXIMUM, XML_INACTIVE, XML_SECURE } from "./protocol.ts";
import type { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

/** Number, state, time, CPU. */
const VCPU_BYTES = 4 + 4 + 8 + 4;

/** A vCPU that is online. */
export interface RemoteVcpu {
  readonly number: number;
  /** 0 offline, 1 running, 2 blocked. */
  readonly state: number;
  readonly cpuTimeNs: number;
  /** Negative where it is not known. */
  readonly pcpu: number;
}

/** Makes the call that finds a domain by its name. */
export function lookupArgs(name: string): Uint8Array {
  return new XdrWriter().string(name).bytes();
}

/** Makes the call that asks whether a domain has a definition. */
export function persistentArgs(domain: DomainRef): Uint8Array {
  return writeDomain(domain).bytes();
}

/** Makes the call for the highest number of vCPUs. */
export function maximumArgs(domain: DomainRef): Uint8Array {
  return writeDomain(domain).u32(VCPU_MAXIMUM).bytes();
}

/** Makes the call for the online vCPUs, without their maps. */
export function vcpusArgs(domain: DomainRef, vcpus: number): Uint8Array {
  return writeDomain(domain).i32(vcpus).i32(0).bytes();
}

/** Makes the call for the current CPU maps, or those of the definition if the domain does not run. */
export function currentPinsArgs(domain: DomainRef, vcpus: number, mapBytes: number): Uint8Array {
  return writeDomain(domain).i32(vcpus).i32(mapBytes).u32(0).bytes();
}

/** Makes the call that pins a vCPU. */
export function pinArgs(domain: DomainRef, { vcpu, pcpus }: Pin, affected: Affected): Uint8Array {
  return writeDomain(domain).u32(vcpu).opaque(listToCpumap(pcpus)).u32(flagsOf(affected)).bytes();
}

/** Makes the call that sets the number of vCPUs. */
export function setVcpusArgs(domain: DomainRef, count: number, affected: Affected): Uint8Array {
  return writeDomain(domain).u32(count).u32(flagsOf(affected)).bytes();
}

/** Makes the call for a domain's definition, with or without its passwords. */
export function definitionArgs(domain: DomainRef, { secure }: { readonly secure: boolean }): Uint8Array {
  return writeDomain(domain)
    .u32(XML_INACTIVE | (secure ? XML_SECURE : 0))
    .bytes();
}

/** Makes the call that adds a device to a domain. */
export function attachArgs(domain: DomainRef, xml: string, affected: Affected): Uint8Array {
  return writeDomain(domain).string(xml).u32(flagsOf(affected)).bytes();
}

/** Makes the call that defines a domain. */
export function defineArgs(xml: string): Uint8Array {
  return new XdrWriter().string(xml).u32(0).bytes();
}

/** Reads a domain that must exist. */
export function readFound(reader: XdrReader): DomainRef | undefined {
  return readDomain(reader);
}

/** Reads a number. */
export function readCount(reader: XdrReader): number {
  return reader.i32();
}

/** Reads vCPUs. */
export function readVcpus(reader: XdrReader): RemoteVcpu[] {
  const count = reader.count(BOUND.vcpus, VCPU_BYTES);
  const vcpus = Array.from({ length: count }, () => ({
    number: reader.u32(),
    state: reader.i32(),
    cpuTimeNs: reader.u64(),
    pcpu: reader.i32(),
  }));
  reader.opaque(BOUND.cpumapsBytes);
  return vcpus;
}

function flagsOf({ live, config }: Affected): number {
  return (live ? AFFECT_LIVE : 0) | (config ? AFFECT_CONFIG : 0);
}

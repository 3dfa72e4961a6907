import type { Vcpu } from "../../base/domain.ts";
import type { DomainRef } from "./messages.ts";
import { readVcpus, vcpusArgs } from "./order-messages.ts";
import { CALL } from "./protocol.ts";
import type { Question } from "./single-calls.ts";

/** How much CPU time in ns each online vCPU has used since the domain was started. QEMU's monitor is not asked for it. */
export function vcpuTimesOf(
  domain: DomainRef,
  vcpus: number,
): Question<ReadonlyMap<Vcpu, number> | undefined> {
  return {
    procedure: CALL.vcpus,
    args: vcpusArgs(domain, vcpus),
    read(reader) {
      const told = readVcpus(reader);
      const isSound = reader.ok && told.every(({ cpuTimeNs }) => Number.isFinite(cpuTimeNs));
      return isSound ? new Map(told.map(({ number, cpuTimeNs }) => [number, cpuTimeNs])) : undefined;
    },
  };
}

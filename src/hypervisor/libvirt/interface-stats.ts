import { type DomainRef, writeDomain } from "./messages.ts";
import { CALL } from "./protocol.ts";
import type { Question } from "./single-calls.ts";
import type { XdrReader } from "./xdr-reader.ts";

/**
 * How many packets the interface with this MAC address received, which libvirt finds in the domain alone; undefined if
 * libvirt does not know.
 */
export function receivedPacketsOf(domain: DomainRef, mac: string): Question<number | undefined> {
  return {
    procedure: CALL.interfaceStats,
    args: writeDomain(domain).string(mac).bytes(),
    read: readReceived,
  };
}

/** Reads the second of eight signed numbers: bytes, packets, errors and drops, received and sent. -1 is unknown. */
function readReceived(reader: XdrReader): number | undefined {
  reader.u64();
  const packets = reader.u64();
  return reader.ok && Number.isSafeInteger(packets) ? packets : undefined;
}

import { type DomainRef, writeDomain } from "./messages.ts";
import { CALL } from "./protocol.ts";
import type { Rpc } from "./rpc.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** A domain whose statistics could not be had in time is not asked for this long, in ms: its emulator may hang. */
const REST_MS = 60_000;

/** Domains that are remembered to rest; past it all are asked again. */
const RESTING_MAX = 1024;

/**
 * Asks how many packets interfaces of domains received. One call is under way at a time, and none while libvirt still
 * works on one that took too long, so that the calls that follow domains never wait for it.
 */
export class InterfaceStats {
  readonly #restsUntilMs = new Map<string, number>();
  #asking = false;

  /** The packets that the interface with this MAC address received; undefined if libvirt does not tell. */
  async receivedPackets(rpc: Rpc, domain: DomainRef, mac: string): Promise<number | undefined> {
    const nowMs = performance.now();
    if (this.#asking || rpc.stuck > 0 || (this.#restsUntilMs.get(domain.uuid) ?? 0) > nowMs) return undefined;
    this.#asking = true;
    const answer = await rpc.call(CALL.interfaceStats, statsArgs(domain, mac), readReceived);
    this.#asking = false;
    if (answer.ok) return answer.value;
    if (answer.why.kind === "slow") {
      if (this.#restsUntilMs.size >= RESTING_MAX) this.#restsUntilMs.clear();
      this.#restsUntilMs.set(domain.uuid, nowMs + REST_MS);
    }
    return undefined;
  }
}

/** Makes the call for the statistics of one interface, which libvirt finds by its MAC address in the domain alone. */
function statsArgs(domain: DomainRef, mac: string): Uint8Array {
  return writeDomain(domain).string(mac).bytes();
}

/** Reads the second of eight signed numbers: bytes, packets, errors and drops, received and sent. -1 is unknown. */
function readReceived(reader: XdrReader): number | undefined {
  reader.u64();
  const packets = reader.u64();
  return reader.ok && Number.isSafeInteger(packets) ? packets : undefined;
}

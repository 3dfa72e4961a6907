import type { Khz } from "../base/domain.ts";
import * as layout from "./layout.ts";
import { u32, u64 } from "./layout.ts";
import type { Malformed } from "./packet.ts";
import type { Capabilities, OwnEnergy } from "./reply.ts";

/** A reply of a host to a guest with packets of 464 bytes. */
export type Reply =
  | { readonly kind: "answer"; readonly accepted: boolean }
  | { readonly kind: "frequency-list"; readonly khz: readonly (Khz | undefined)[] }
  | { readonly kind: "capability-list"; readonly capabilities: readonly Capabilities[] }
  | { readonly kind: "energy"; readonly energy: OwnEnergy };

/** Bytes of the reply to a scale request or a guest policy: the request itself with another command. */
const ANSWER_SIZE = 464;

/** The speed that DPDK's host sends for a CPU it does not know. */
const NO_KHZ = 0xffff_ffff;

/**
 * The size in bytes of the reply that begins with these bytes, or why they are no reply (vm-power-protocol(7), "REPLIES").
 * Undefined if there are fewer bytes than a header.
 */
export function replySize(bytes: Uint8Array): number | Malformed | undefined {
  if (bytes.length < layout.HEADER_SIZE) return undefined;
  const command = u32(bytes, layout.COMMAND);
  switch (command) {
    case layout.ACK:
    case layout.NACK:
      return ANSWER_SIZE;
    case layout.FREQ_LIST:
      return layout.FREQ_LIST_SIZE;
    case layout.CAPS_LIST:
      return layout.CAPS_LIST_SIZE;
    case layout.ENERGY:
      return layout.ENERGY_SIZE;
    default:
      return { kind: "malformed", reason: `Unknown command ${command} in a reply` };
  }
}

/** Reads one whole reply of the size that {@link replySize} returned. Never throws. */
export function decodeReply(frame: Uint8Array): Reply {
  const command = u32(frame, layout.COMMAND);
  if (command === layout.FREQ_LIST) {
    return { kind: "frequency-list", khz: entries(frame, layout.FREQ_COUNT, frequency) };
  }
  if (command === layout.CAPS_LIST) {
    return { kind: "capability-list", capabilities: entries(frame, layout.CAPS_COUNT, capability) };
  }
  if (command === layout.ENERGY) return { kind: "energy", energy: energy(frame) };
  return { kind: "answer", accepted: command === layout.ACK };
}

/** Whether a reply belongs to this request: all bytes except the command must be equal. */
export function echoes(request: Uint8Array, frame: Uint8Array): boolean {
  const isCommand = (at: number) => at >= layout.COMMAND && at < layout.COMMAND + 4;
  return frame.length === request.length && frame.every((byte, at) => byte === request[at] || isCommand(at));
}

/** Reads the entries of a list. DPDK's host sends a wrong count for VMs with more vCPUs than fit. */
function entries<T>(frame: Uint8Array, countAt: number, read: (frame: Uint8Array, vcpu: number) => T): T[] {
  const count = Math.min(frame[countAt] as number, layout.VCPUS_MAX);
  return Array.from({ length: count }, (_, vcpu) => read(frame, vcpu));
}

function frequency(frame: Uint8Array, vcpu: number): Khz | undefined {
  const khz = u32(frame, layout.FREQ_VALUES + 4 * vcpu);
  return khz === 0 || khz === NO_KHZ ? undefined : khz;
}

function energy(frame: Uint8Array): OwnEnergy {
  return {
    joules: u64(frame, layout.ENERGY_JOULES),
    second: u64(frame, layout.ENERGY_SECOND),
    metered: u32(frame, layout.ENERGY_METERED) !== 0,
  };
}

function capability(frame: Uint8Array, vcpu: number): Capabilities {
  return {
    turbo: u32(frame, layout.CAPS_TURBO + 8 * vcpu) !== 0,
    priority: u32(frame, layout.CAPS_PRIORITY + 8 * vcpu) !== 0,
  };
}

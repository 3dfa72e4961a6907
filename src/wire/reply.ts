import type { Khz } from "../base/domain.ts";
import * as layout from "./layout.ts";
import { putU32 } from "./layout.ts";

/** What a query tells of one vCPU's CPU. */
export interface Capabilities {
  readonly turbo: boolean;
  readonly priority: boolean;
}

/** Whether guests of this packet size read replies at all (spec section 6.4). */
export function readsReplies(abi: number): boolean {
  return abi >= 460;
}

/**
 * The answer to a request: its own bytes with another command (spec section 6.2). Changes the frame in place, which is
 * free: an ACK of a scale request is the request itself.
 */
export function answer(frame: Uint8Array, accepted: boolean): Uint8Array {
  putU32(frame, layout.COMMAND, accepted ? layout.ACK : layout.NACK);
  return frame;
}

/**
 * Frequencies of a VM's vCPUs, for a guest of packet size `abi`. `values` has one entry per vCPU of the VM, those not
 * asked for undefined; the first 8 are sent (spec sections 4.2 and 6.3).
 */
export function frequencyList(
  resource: number,
  values: readonly (Khz | undefined)[],
  abi: number,
): Uint8Array {
  const bytes = reply(layout.FREQ_LIST_SIZE, layout.FREQ_LIST, resource, abi);
  const count = Math.min(values.length, layout.VCPUS_MAX);
  for (let i = 0; i < count; i++) putU32(bytes, layout.FREQ_VALUES + 4 * i, values[i] ?? 0);
  bytes[layout.FREQ_COUNT] = count;
  return bytes;
}

/** Capabilities of a VM's vCPUs; as {@link frequencyList} (spec section 4.3). */
export function capabilityList(
  resource: number,
  values: readonly (Capabilities | undefined)[],
  abi: number,
): Uint8Array {
  const bytes = reply(layout.CAPS_LIST_SIZE, layout.CAPS_LIST, resource, abi);
  const count = Math.min(values.length, layout.VCPUS_MAX);
  for (let i = 0; i < count; i++) {
    bytes[layout.CAPS_TURBO + 8 * i] = values[i]?.turbo ? 1 : 0;
    bytes[layout.CAPS_PRIORITY + 8 * i] = values[i]?.priority ? 1 : 0;
  }
  bytes[layout.CAPS_COUNT] = count;
  return bytes;
}

function reply(size: number, command: number, resource: number, abi: number): Uint8Array {
  // An i386 guest's structs end 4 bytes earlier: less tail padding, nothing else.
  const bytes = new Uint8Array(abi === 460 ? size - 4 : size);
  putU32(bytes, layout.RESOURCE_ID, resource);
  putU32(bytes, layout.COMMAND, command);
  return bytes;
}

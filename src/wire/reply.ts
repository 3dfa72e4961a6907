import type { Khz } from "../base/domain.ts";
import * as layout from "./layout.ts";
import { putU32, putU64 } from "./layout.ts";

/** What the host's CPU under one vCPU can do. */
export interface Capabilities {
  readonly turbo: boolean;
  readonly priority: boolean;
}

/** The energy that one VM has used. */
export interface OwnEnergy {
  /** Whole joules since an arbitrary time. They never become fewer while the host keeps its account. */
  readonly joules: number;
  /** Up to when they were counted, in seconds since 1970 by the host's clock. */
  readonly second: number;
  /** Whether the host has a power meter; otherwise they are modelled only. */
  readonly metered: boolean;
}

/** Whether guests with this packet size can read replies (vm-power-protocol(7), "PACKETS"). */
export function readsReplies(abi: number): boolean {
  return abi >= 460;
}

/**
 * Makes the reply to a request: the same bytes with another command (vm-power-protocol(7), "ACK and NACK"). It changes the
 * request in place, so that nothing is allocated.
 */
export function answer(frame: Uint8Array, accepted: boolean): Uint8Array {
  putU32(frame, layout.COMMAND, accepted ? layout.ACK : layout.NACK);
  return frame;
}

/**
 * Makes a list of frequencies for a guest with packet size `abi` (vm-power-protocol(7), "List of frequencies"). `values` has
 * one entry per vCPU of the VM, undefined for those that were not asked for. The first 8 are sent.
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

/** Makes a list of capabilities as {@link frequencyList} does (vm-power-protocol(7), "List of capabilities"). */
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

/** Makes the reply to a query for energy (vm-power-protocol(7), "Energy"). */
export function energyReply({ joules, second, metered }: OwnEnergy): Uint8Array {
  const bytes = new Uint8Array(layout.ENERGY_SIZE);
  putU32(bytes, layout.COMMAND, layout.ENERGY);
  putU32(bytes, layout.ENERGY_METERED, metered ? 1 : 0);
  putU64(bytes, layout.ENERGY_JOULES, joules);
  putU64(bytes, layout.ENERGY_SECOND, second);
  return bytes;
}

function reply(size: number, command: number, resource: number, abi: number): Uint8Array {
  // In a 32-bit guest these structures have 4 bytes less of padding at their end.
  const bytes = new Uint8Array(abi === 460 ? size - 4 : size);
  putU32(bytes, layout.RESOURCE_ID, resource);
  putU32(bytes, layout.COMMAND, command);
  return bytes;
}

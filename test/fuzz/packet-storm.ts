import { decode } from "../../src/wire/decode.ts";
import { judgePolicy } from "../../src/wire/judge-policy.ts";
import { policyRule } from "../../src/wire/policy-rule.ts";
import { anyPacket } from "./packets.ts";
import type { Random } from "./random.ts";

/** Packets of one round. */
export const STORM_PACKETS = 100_000;

// By vm-power-protocol(7), "Commands of a guest" and "Scale actions"; written by hand, not taken from the decoder.
const ACTIONS = ["up", "down", "max", "min", "turbo", "no-turbo"];
const KINDS = new Map<number, string>([
  ...([
    [1, "scale"],
    [2, "connect"],
    [3, "set-policy"],
    [4, "remove-policy"],
  ] as const),
  ...([
    [7, "query"],
    [8, "query"],
    [9, "query"],
    [10, "query"],
    [0x5650_0001, "energy"],
  ] as const),
]);
const COMMANDS = [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x5650_0001, 0, 0xffff_ffff];
const EDITED = [0, 1, 4, 7, 8, 9, 16, 128, 131, 144, 152, 156, 444, 448, 452, 456];

/**
 * Judges each of many packets that are made from one another by a few bytes, because making them anew would cost more than
 * reading them. Returns what is wrong, with the packet.
 */
export function packetStorm(random: Random): string | undefined {
  let packet = anyPacket(random);
  for (let count = 0; count < STORM_PACKETS; count++) {
    if (count % 64 === 0) packet = anyPacket(random);
    const at = random.of(EDITED) % packet.length;
    packet[at] = random.below(256);
    if (count % 2 === 0) put(packet, 12, random.of(COMMANDS));
    if (count % 4 === 0) put(packet, 8, random.below(8));
    const wrong = judge(packet);
    if (wrong !== undefined) return `${wrong}: ${packet.toHex()}`;
  }
  return undefined;
}

function put(packet: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) packet[at + i] = value >>> (8 * i);
}

function u32(packet: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = value * 256 + (packet[at + i] as number);
  return value;
}

/** What is wrong with the decoder's answer. */
function judge(packet: Uint8Array): string | undefined {
  const request = decode(packet);
  const command = u32(packet, 12);
  const unit = u32(packet, 8);
  const isShort = packet.length === 16 && command > 2;
  const isKnown = !isShort && (command !== 1 || (unit >= 1 && unit <= 6));
  const expected = (isKnown ? KINDS.get(command) : undefined) ?? "malformed";
  if (request.kind !== expected) return `"${request.kind}" instead of "${expected}"`;
  if (request.kind === "scale") {
    if (request.action !== ACTIONS[unit - 1]) return `action ${request.action}`;
    if (request.resource !== u32(packet, 0) + u32(packet, 4) * 2 ** 32) return `resource ${request.resource}`;
    if (request.physical !== (packet.length >= 460 && packet[444] !== 0)) return "physical";
  }
  if (request.kind === "set-policy") {
    const { vcpus, macs } = request.policy;
    if (vcpus.length > 8 || macs.length > 10) return "more than its arrays have";
    if (judgePolicy(request.policy) === undefined) policyRule(request.policy);
  }
  return undefined;
}

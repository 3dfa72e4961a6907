import { channelEnvironment } from "../../src/guest/library/channel-environment.ts";
import { portsOf, type VirtioPort } from "./virtio-port.ts";

export const TIMES = { hostMs: 60, answerMs: 40 };

export function environment(port: VirtioPort, times = TIMES) {
  return channelEnvironment(portsOf(new Map([[0, port]])), { ...times, vmName: "vm0", port: undefined });
}

/** The header of a packet by hand (resource id, unit, command), then zeros to 464 bytes. */
export function packet(resource: number, unit: number, command: number): Uint8Array {
  const bytes = new Uint8Array(464);
  bytes.set([resource, 0, 0, 0, 0, 0, 0, 0, unit, 0, 0, 0, command, 0, 0, 0]);
  return bytes;
}

export const CONNECT = packet(0, 0, 2);

export const UP = packet(0, 1, 1);

export const MAX = packet(0, 3, 1);

export const MIN = packet(0, 4, 1);

export const ack = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 12 ? 1 : byte));

export const nack = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 12 ? 2 : byte));

export const isConnect = (bytes: Uint8Array) => bytes[12] === 2;

export const GRANTED = { kind: "granted", value: undefined } as const;

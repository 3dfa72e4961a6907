import { Framer } from "../../src/wire/framer.ts";

/** A packet by hand: resource u64, unit u32, command u32, then zeros. */
export function packet(size: number, resource: number, unit: number, command: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(resource), true);
  view.setUint32(8, unit, true);
  view.setUint32(12, command, true);
  return bytes;
}

/** CONNECT without anything in its other bytes. */
export const connect = (size: number) => packet(size, 0, 0, 2);

/** A request for one step up, of vCPU 1. */
export const up = (size: number) => packet(size, 1, 1, 1);

/** Returns parts one after the other. */
export const concat = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The result of a framer for chunks without a pause, followed by a pause of the guest. */
export function frames(chunks: readonly Uint8Array[], framer = new Framer()): Uint8Array[] {
  const found: Uint8Array[] = [];
  const drain = () => {
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) found.push(frame.slice());
  };
  for (const chunk of chunks) {
    framer.push(chunk.slice());
    drain();
  }
  for (let pause = 0; pause < 3; pause++) {
    framer.quiet();
    drain();
  }
  return found;
}

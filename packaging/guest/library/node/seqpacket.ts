import type { Seqpacket } from "../../../../src/os/seqpacket.ts";

// In place of src/os/seqpacket.ts: with Bun it is that, and Node has no such sockets.
const native =
  process.versions["bun"] === undefined ? undefined : await import("../../../../src/os/seqpacket.ts");

export const HAS_SEQPACKET: boolean = native !== undefined;

export function connectSeqpacket(path: string): Seqpacket | undefined {
  return native?.connectSeqpacket(path);
}

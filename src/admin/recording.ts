import type { Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import type { Packet } from "./control-types.ts";

/** A recording's file grows no longer than this. */
export const RECORDING_BYTES_MAX = 64 * 1024 * 1024;

/** Its first line: what is needed to understand the others. */
export interface RecordingHead {
  readonly vmPowerRecording: 1;
  readonly startedAtMs: number;
  readonly vms: readonly RecordedVm[];
}

/** A VM, and where its vCPUs ran. */
interface RecordedVm {
  readonly name: string;
  readonly pins: readonly (readonly Pcpu[])[];
}

/** What a recording's text holds, or what is wrong with it. */
export type Recording = { readonly head: RecordingHead; readonly packets: readonly Packet[] } | string;

/** Reads a recording: a line of JSON for its head, and one for each packet. */
export function readRecording(text: string): Recording {
  const lines = text.split("\n");
  const head = parse(lines[0] ?? "");
  if (!isHead(head)) return "it is no recording of vm-power";
  const packets: Packet[] = [];
  for (const [at, line] of lines.entries()) {
    // The last one may be half a line, where recording was cut off.
    if (at === 0 || line === "") continue;
    const packet = parse(line);
    if (isPacket(packet)) packets.push(packet);
    else if (at < lines.length - 1) return `line ${at + 1} is no packet`;
  }
  return { head, packets };
}

/** A packet's bytes as the guest sent them. */
export function frameOf({ bytes, length }: Packet): Uint8Array {
  const frame = new Uint8Array(length);
  frame.set(Buffer.from(bytes, "base64").subarray(0, length));
  return frame;
}

/** The longest packet of any DPDK. */
const PACKET_LENGTH_MAX = 464;

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is RecordingHead {
  if (!isRecord(value) || value["vmPowerRecording"] !== 1) return false;
  const { vms, startedAtMs } = value;
  return Number.isFinite(startedAtMs) && Array.isArray(vms) && vms.every(isVm);
}

function isVm(value: unknown): boolean {
  if (!isRecord(value) || typeof value["name"] !== "string" || !Array.isArray(value["pins"])) return false;
  return value["pins"].every(
    (pcpus) => Array.isArray(pcpus) && pcpus.every((pcpu) => Number.isSafeInteger(pcpu)),
  );
}

function isPacket(value: unknown): value is Packet {
  if (!isRecord(value)) return false;
  const { atMs, vm, channel, bytes, length } = value;
  const isLength =
    Number.isSafeInteger(length) && Number(length) >= 16 && Number(length) <= PACKET_LENGTH_MAX;
  const isPlace = typeof vm === "string" && Number.isSafeInteger(channel);
  return isLength && isPlace && Number.isFinite(atMs) && typeof bytes === "string";
}

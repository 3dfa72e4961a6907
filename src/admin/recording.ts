import { jsonIn } from "../base/attempt.ts";
import type { Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import { failure, type Result, success } from "../base/result.ts";
import type { Packet } from "./control-types.ts";

/** The most bytes of a recording's file. */
export const RECORDING_BYTES_MAX = 64 * 1024 * 1024;

/** The first line: what is needed to understand the packets. */
export interface RecordingHead {
  readonly vmPowerRecording: 1;
  readonly startedAtMs: number;
  readonly vms: readonly RecordedVm[];
}

/** A VM, and the CPUs of its vCPUs. */
interface RecordedVm {
  readonly name: string;
  readonly pins: readonly (readonly Pcpu[])[];
}

/** The content of a recording. */
export interface Recording {
  readonly head: RecordingHead;
  readonly packets: readonly Packet[];
}

/** Parses a recording: one line of JSON for the head, and one for each packet. */
export function readRecording(text: string): Result<Recording> {
  const lines = text.split("\n");
  const head = jsonIn(lines[0] ?? "");
  if (!isHead(head)) return failure("it is not a recording of vm-power");
  const packets: Packet[] = [];
  for (const [at, line] of lines.entries()) {
    // The last line may be incomplete if recording was interrupted.
    if (at === 0 || line === "") continue;
    const packet = jsonIn(line);
    if (isPacket(packet)) packets.push(packet);
    else if (at < lines.length - 1) return failure(`line ${at + 1} is not a packet`);
  }
  return success({ head, packets });
}

/** A packet's bytes as the guest sent them. */
export function frameOf({ bytes, length }: Packet): Uint8Array {
  const frame = new Uint8Array(length);
  frame.set(Buffer.from(bytes, "base64").subarray(0, length));
  return frame;
}

/** Bytes of the longest packet of any release. */
const PACKET_LENGTH_MAX = 464;

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

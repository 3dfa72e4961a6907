import { connectSeqpacket, type Seqpacket } from "../../os/seqpacket.ts";
import type { BusySource, Counters } from "./busy.ts";

/** The command that DPDK programs since 23.03 answer with the load of each lcore. */
const COMMAND = "/eal/lcore/usage";

/** Bytes of DPDK's longest answer. */
const ANSWER_SIZE_MAX = 64 * 1024;
const ANSWER_MS = 100;

/**
 * The load of the lcores of a DPDK program, as the program reports it; for the kernel a polling program is always busy.
 * An lcore counts as the vCPU with its number. Programs start and stop, so a reading connects again if necessary.
 */
export function dpdkTelemetry(path: string): BusySource {
  let socket: Seqpacket | undefined;
  const drop = () => {
    socket?.close();
    socket = undefined;
  };

  async function receive(): Promise<string | undefined> {
    const into = new Uint8Array(ANSWER_SIZE_MAX);
    for (const endMs = performance.now() + ANSWER_MS; performance.now() < endMs; await pause()) {
      const size = socket?.receive(into) ?? 0;
      if (size === "nothing") continue;
      return size === 0 ? undefined : new TextDecoder().decode(into.subarray(0, size));
    }
    return undefined;
  }

  async function ask(): Promise<string | undefined> {
    if (socket === undefined) {
      socket = connectSeqpacket(path);
      // The first message has DPDK's version.
      if (socket === undefined || (await receive()) === undefined) return undefined;
    }
    return socket.send(new TextEncoder().encode(COMMAND)) ? receive() : undefined;
  }

  return {
    name: path,
    async read() {
      const answer = await ask();
      if (answer === undefined) drop();
      return answer === undefined ? undefined : parseUsage(answer);
    },
    close: drop,
  };
}

/** Parses three lists of equal length; undefined if the program does not count, or sends something else. */
export function parseUsage(text: string): Map<number, Counters> | undefined {
  let usage: unknown;
  try {
    usage = (JSON.parse(text) as Record<string, unknown> | null)?.[COMMAND];
  } catch {
    return undefined;
  }
  if (typeof usage !== "object" || usage === null) return undefined;
  const { lcore_ids, total_cycles, busy_cycles } = usage as Record<string, unknown>;
  if (!isNumbers(lcore_ids) || !isNumbers(total_cycles) || !isNumbers(busy_cycles)) return undefined;
  if (lcore_ids.length === 0) return undefined;
  return new Map(
    lcore_ids.map((lcore, i) => [lcore, { busy: busy_cycles[i] ?? 0, total: total_cycles[i] ?? 0 }]),
  );
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

import { createCallTurns } from "../../src/admin/call-turns.ts";
import { controlInterface } from "../../src/admin/control-interface.ts";
import { LIMITS, type Limits } from "../../src/admin/limits.ts";
import { withService } from "../../src/admin/service-interface.ts";
import { Session } from "../../src/admin/session.ts";
import { OPERATOR, recordingLog } from "./harness.ts";
import { sampleControl } from "./sample-control.ts";

/** A session whose socket accepts this many bytes; by default everything. */
export interface Bench {
  readonly session: Session;
  readonly log: string[];
  written: string;
  room: number;
  /** Bytes that wait in other sessions. */
  waitsElsewhere: number;
  closed: boolean;
}

export function open(
  control: Parameters<typeof sampleControl>[0],
  limits: Partial<Limits> = {},
  turns = createCallTurns(limits.callsPerTurn ?? LIMITS.callsPerTurn),
): Bench {
  const log = recordingLog();
  const bench = {
    log: log.lines,
    written: "",
    room: Number.POSITIVE_INFINITY,
    waitsElsewhere: 0,
    closed: false,
  };
  const peer = {
    write(bytes: Uint8Array) {
      const taken = Math.min(bench.room, bytes.length);
      bench.room -= taken;
      bench.written += Buffer.from(bytes.subarray(0, taken)).toString();
      return taken;
    },
    pause() {},
    resume() {},
    close() {
      bench.closed = true;
    },
  };
  const product = { vendor: "v", product: "p", version: "1", url: "" };
  const session = new Session(peer, {
    caller: OPERATOR,
    interfaces: withService(product, [controlInterface(sampleControl(control), { log, callMs: 1_000 })]),
    limits: { ...LIMITS, ...limits },
    turns,
    waitingBytes: () => bench.waitsElsewhere,
    log,
    onMutation: () => {},
  });
  return Object.assign(bench, { session });
}

export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

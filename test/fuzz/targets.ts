import { handover, ini, journal, rpc, xml } from "./document-targets.ts";
import { objects, stream, varlink } from "./message-targets.ts";
import { packetStorm, STORM_PACKETS } from "./packet-storm.ts";
import type { Random } from "./random.ts";

/** A reader of what others write, and a judge of what it makes of it. */
export interface Target {
  readonly name: string;
  /** Inputs of one round. */
  readonly inputs: number;
  /** Runs a round that depends on the stream of numbers alone. Returns what is wrong, with the input; a throw is wrong as well. */
  round(random: Random): string | undefined;
}

/** A target with one input at a time, which is printed if its judge finds something. */
export function each(
  name: string,
  judge: (random: Random, note: (input: Uint8Array) => void) => string | undefined,
): Target {
  const inputs = 200;
  return {
    name,
    inputs,
    round(random) {
      let input: Uint8Array = new Uint8Array();
      for (let count = 0; count < inputs; count++) {
        const wrong = faultOf(() => judge(random, (bytes) => (input = bytes)));
        if (wrong !== undefined) return `${wrong}: ${Buffer.from(input).toString("latin1").slice(0, 4000)}`;
      }
      return undefined;
    },
  };
}

function faultOf(judge: () => string | undefined): string | undefined {
  try {
    return judge();
  } catch (error) {
    return `It throws ${error}`;
  }
}

/** The targets; each is a reader of bytes from outside. */
export const TARGETS: readonly Target[] = [
  { name: "packets", inputs: STORM_PACKETS, round: packetStorm },
  each("stream", stream),
  each("varlink", varlink),
  each("objects", objects),
  each("ini", ini),
  each("rpc", rpc),
  each("xml", xml),
  each("journal", journal),
  each("handover", handover),
];

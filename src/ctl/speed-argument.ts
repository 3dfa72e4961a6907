import type { HoldOrder } from "../admin/control-types.ts";
import { parseKhz } from "../base/speed-bound.ts";
import { UsageError } from "../terminal/exit-code.ts";
import { quoted } from "../terminal/text.ts";

/** The words for a speed. */
export const SPEED_WORDS = ["up", "down", "min", "max", "turbo", "no-turbo"] as const;

/** Parses a speed: one of {@link SPEED_WORDS}, `2.3GHz` or `2300000`. `known` is for the error: all words allowed there. */
export function speedArgument(
  text: string,
  known: readonly string[] = SPEED_WORDS,
): Pick<HoldOrder, "to" | "khz"> {
  const word = SPEED_WORDS.find((each) => each === text);
  if (word !== undefined) return { to: word === "no-turbo" ? "noTurbo" : word };
  const khz = parseKhz(text);
  if (khz !== undefined) return { to: "khz", khz };
  throw new UsageError(
    `${quoted(text)} is neither a speed like 2.3GHz or 2300000 (kHz) nor one of ${known.join(", ")}`,
  );
}

import { answerPieces } from "./answer.ts";
import type { CallTurns } from "./call-turns.ts";
import type { Outcome } from "./interface.ts";
import type { Limits } from "./limits.ts";

/** Options of {@link writeAnswer}. */
export interface AnswerOptions {
  readonly turns: CallTurns;
  readonly limits: Pick<Limits, "answerBytes" | "waitingBytes">;
  /** Bytes of answers that wait in all sessions. */
  readonly waitingBytes: () => number;
  /** Sends the whole answer. */
  readonly send: (pieces: readonly Uint8Array[]) => void;
  /** Called after a long answer was sent. */
  readonly onLate: () => void;
}

/**
 * Writes an answer. A short one is sent at once. For a long one, one piece is written per turn of the event loop, and the
 * returned function cancels that. An answer that costs too much is replaced by an error.
 */
export function writeAnswer(outcome: Outcome, options: AnswerOptions): (() => void) | undefined {
  const { turns, limits, waitingBytes, send, onLate } = options;
  const encoder = new TextEncoder();
  const pieces = answerPieces(outcome);
  const written: Uint8Array[] = [];
  let bytes = 0;

  /** Writes the next piece. Returns whether it was the last one. */
  function writePiece(): boolean {
    const text = pieces.next().value ?? "";
    const piece = encoder.encode(text);
    written.push(piece);
    bytes += piece.length;
    return text.endsWith("\0");
  }

  function inTurn(): void {
    if (turns.take()) {
      const isLast = writePiece();
      const isTooLong = bytes > limits.answerBytes;
      if (isLast || isTooLong) {
        send(isTooLong ? TOO_LONG : written);
        onLate();
        return;
      }
    }
    turns.wait(inTurn);
  }

  if (writePiece()) {
    send(written);
    return undefined;
  }
  if (waitingBytes() > limits.waitingBytes) {
    send(TOO_MANY);
    return undefined;
  }
  turns.wait(inTurn);
  return () => turns.forget(inTurn);
}

const TOO_LONG = refusal("The answer is too long", "name fewer CPUs or VMs in one call");
const TOO_MANY = refusal("Too many answers wait to be read", "try again in a moment");

function refusal(reason: string, remedy: string): Uint8Array[] {
  const outcome = { error: "io.vmpower.Control.Refused", parameters: { reason, remedy } };
  return [...answerPieces(outcome)].map((piece) => new TextEncoder().encode(piece));
}

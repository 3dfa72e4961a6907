import type { Caller } from "./caller.ts";
import type { Accepted } from "./dispatch.ts";
import type { Outcome } from "./interface.ts";

/** What a stream does to its session. */
export interface StreamEvents {
  /** Sends a reply that is not the last; false where it was dropped. */
  send(parameters: object): boolean;
  /** The stream is over: with a last reply, or with none where it was cancelled. */
  over(last: Outcome | undefined): void;
}

/** Opens a stream; the function that it answers cancels it. The method is told of the end once, whatever ends it. */
export function openStream(call: Accepted, caller: Caller, events: StreamEvents): () => void {
  if (call.method.kind !== "stream") throw new Error(`${call.name} is no stream`);
  let isOver = false;
  let tellMethod: (() => void) | undefined;

  function over(last: Outcome | undefined): void {
    if (isOver) return;
    isOver = true;
    tellMethod?.();
    events.over(last);
  }

  const opened = call.method.open(call.parameters, caller, {
    send: (parameters) => !isOver && events.send(parameters),
    end: (parameters) => over({ parameters }),
  });
  if (typeof opened !== "function") over(opened);
  // A stream that ended while it was opened is told so now.
  else if (isOver) opened();
  else tellMethod = opened;
  return () => over(undefined);
}

import type { Caller } from "./caller.ts";
import type { Accepted } from "./dispatch.ts";
import type { Outcome } from "./interface.ts";

/** How a stream acts on its session. */
export interface StreamEvents {
  /** Sends a reply that is not the last one; false if it was dropped. */
  send(parameters: object): boolean;
  /** The stream has ended, with a last reply or, if it was cancelled, without. */
  over(last: Outcome | undefined): void;
}

/** Opens a stream. The function that it returns cancels it. The method learns of the end once, whatever the reason. */
export function openStream(call: Accepted, caller: Caller, events: StreamEvents): () => void {
  if (call.method.kind !== "stream") throw new Error(`${call.name} is not a stream`);
  let isOver = false;
  let cancelMethod: (() => void) | undefined;

  function over(last: Outcome | undefined): void {
    if (isOver) return;
    isOver = true;
    cancelMethod?.();
    events.over(last);
  }

  const opened = call.method.open(call.parameters, caller, {
    send: (parameters) => !isOver && events.send(parameters),
    end: (parameters) => over({ parameters }),
  });
  if (typeof opened !== "function") over(opened);
  // A stream that ended while it was being opened learns of that now.
  else if (isOver) opened();
  else cancelMethod = opened;
  return () => over(undefined);
}

import type { Limits } from "./limits.ts";

/** What a session waits for, with a limit of time for each. */
type DeadlineName = "messageMs" | "idleMs" | "stallMs";

/** A timer for what the session waits for now. */
export interface Deadline {
  /** Waits for this from now on. The time goes on if it was waited for already, unless there was progress. */
  wait(name: DeadlineName | undefined, options: { readonly progress: boolean }): void;
}

/** Makes a timer that reports, as text, what did not happen in time. */
export function createDeadline(limits: Limits, onExpired: (what: string) => void): Deadline {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: DeadlineName | undefined;
  return {
    wait(name, { progress }) {
      if (name === waiting && !progress) return;
      clearTimeout(timer);
      waiting = name;
      if (name !== undefined) timer = setTimeout(() => onExpired(EXPIRED[name]), limits[name]);
    },
  };
}

const EXPIRED: Readonly<Record<DeadlineName, string>> = {
  messageMs: "it began a message and did not end it",
  idleMs: "it did not call for long",
  stallMs: "it does not read its replies",
};

import type { Limits } from "./limits.ts";

/** What a session waits for, at most so long. */
type DeadlineName = "messageMs" | "idleMs" | "stallMs";

/** One timer for what is waited for now. */
export interface Deadline {
  /** Waits for this from now on. Its time runs on where it is waited for already, unless there was progress. */
  wait(name: DeadlineName | undefined, options: { readonly progress: boolean }): void;
}

/** Makes a timer that tells, in words, what did not happen in time. */
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

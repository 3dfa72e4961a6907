/**
 * Limits how many calls all sessions of a server make in one turn of the event loop, so that guests' packets are handled
 * in between. A session that finds no call left waits, first come first served.
 */
export interface CallTurns {
  /** Takes one of this turn's calls; false where none is left. */
  take(): boolean;
  /** Calls this in a later turn; a session that waits already keeps its place. */
  wait(pump: () => void): void;
  forget(pump: () => void): void;
}

/** Makes the limit of one server. */
export function createCallTurns(callsPerTurn: number): CallTurns {
  const waiting = new Set<() => void>();
  let left = callsPerTurn;
  let isDue = false;

  function nextTurn(): void {
    isDue = false;
    left = callsPerTurn;
    // A session that asks again in this turn is served in the next one, which every call asks for.
    for (const pump of [...waiting]) {
      if (left === 0) break;
      if (waiting.delete(pump)) pump();
    }
  }

  function request(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(nextTurn);
  }

  return {
    take() {
      if (left === 0) return false;
      left--;
      request();
      return true;
    },
    wait(pump) {
      waiting.add(pump);
      request();
    },
    forget: (pump) => void waiting.delete(pump),
  };
}

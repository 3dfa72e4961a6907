/**
 * Shares the turns of the event loop among all sessions of a server: so many calls in one, whoever made them, then guests'
 * packets come. Who finds none left waits, in the order of asking.
 */
export interface CallTurns {
  /** Takes one of this turn's calls; false where none is left. */
  take(): boolean;
  /** Has this called in a turn to come; who waits already keeps its place. */
  wait(pump: () => void): void;
  forget(pump: () => void): void;
}

/** Makes the turns of one server. */
export function createCallTurns(callsPerTurn: number): CallTurns {
  const waiting = new Set<() => void>();
  let left = callsPerTurn;
  let isDue = false;

  function nextTurn(): void {
    isDue = false;
    left = callsPerTurn;
    // Who asks again meanwhile is for the turn after.
    for (const pump of [...waiting]) {
      if (left === 0) break;
      if (waiting.delete(pump)) pump();
    }
    if (waiting.size > 0) request();
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

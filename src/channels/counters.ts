/** Counters of a channel since it was found, all at 0. */
export function newCounters() {
  return {
    requests: 0,
    granted: 0,
    refused: 0,
    malformed: 0,
    repliesDropped: 0,
    writes: 0,
    writesRefused: 0,
  };
}

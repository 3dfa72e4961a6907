/** Counters since the channel was found. */
interface ChannelCounters {
  requests: number;
  granted: number;
  refused: number;
  malformed: number;
  repliesDropped: number;
  writes: number;
  writesRefused: number;
}

/** All counters at 0. */
export function newCounters(): ChannelCounters {
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

/** Limits for clients: sizes in bytes, times in ms. */
export interface Limits {
  /** Longest call. */
  readonly messageBytes: number;
  /** Calls that arrive while another is under way; with more the socket is not read. */
  readonly pipelinedBytes: number;
  /**
   * Replies that wait for a client to read. With more its calls wait and its events are dropped. One reply may be
   * longer.
   */
  readonly queuedBytes: number;
  /** Longest answer; a longer one is refused. */
  readonly answerBytes: number;
  /** Answers of all clients together that wait to be read. With more, long answers are refused. */
  readonly waitingBytes: number;
  /** Calls of all clients together in one turn of the event loop, so that guests' packets are handled in between. */
  readonly callsPerTurn: number;
  readonly clients: number;
  /** Clients of one user other than root, so that no user can lock the others out. */
  readonly clientsPerUid: number;
  /** Further clients that get an error before they are closed. */
  readonly refusedClients: number;
  readonly refusalMs: number;
  /** Longest time from a call's first byte to its last. */
  readonly messageMs: number;
  /** Longest time without a call or subscription. */
  readonly idleMs: number;
  /** Longest time without reading replies. Subscribers may be slow: they lose events. */
  readonly stallMs: number;
  /** Longest time of a call that is not answered at once. */
  readonly callMs: number;
  /** Longest time to deliver waiting bytes when the server closes. */
  readonly closeMs: number;
}

/** The limits of a real server. */
export const LIMITS: Limits = {
  messageBytes: 64 * 1024,
  pipelinedBytes: 256 * 1024,
  queuedBytes: 256 * 1024,
  answerBytes: 16 * 1024 * 1024,
  waitingBytes: 64 * 1024 * 1024,
  callsPerTurn: 8,
  clients: 64,
  clientsPerUid: 24,
  refusedClients: 16,
  refusalMs: 1_000,
  messageMs: 10_000,
  idleMs: 5 * 60_000,
  stallMs: 30_000,
  callMs: 30_000,
  closeMs: 2_000,
};

/** What clients may take of the daemon. */
export interface Limits {
  /** One call. */
  readonly messageBytes: number;
  /** Calls that arrived while another is under way; past it the socket is not read. */
  readonly pipelinedBytes: number;
  /** Replies that wait for a client to read; past it its calls wait and its events are dropped. One reply may exceed it. */
  readonly queuedBytes: number;
  /** One answer; a longer one is refused. */
  readonly answerBytes: number;
  /** Answers of all clients together that wait to be read; past it a long answer is refused. */
  readonly waitingBytes: number;
  /** Calls of all clients together in one turn of the event loop: guests' packets come between. */
  readonly callsPerTurn: number;
  readonly clients: number;
  /** Of one user other than root, so that nobody can lock the others out. */
  readonly clientsPerUid: number;
  /** Clients past those, which are told so before they are closed. */
  readonly refusedClients: number;
  readonly refusalMs: number;
  /** From a call's first byte to its last. */
  readonly messageMs: number;
  /** A client that neither calls nor subscribed. */
  readonly idleMs: number;
  /** A client that does not read its replies. Subscribers may sleep: they lose events. */
  readonly stallMs: number;
  /** A call that the daemon does not answer at once. */
  readonly callMs: number;
  /** Delivering what is queued when the server closes. */
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

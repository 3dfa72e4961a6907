/** What the page uses of `cockpit.js`, which Cockpit serves and the page loads. */
declare const cockpit: {
  channel(options: {
    readonly payload: "stream";
    /** The path of a socket, to which the bridge connects as the user who is logged in. */
    readonly unix: string;
    /** Without it the first NUL would end the whole session. */
    readonly binary: true;
  }): CockpitChannel;
};

/** A stream of bytes through Cockpit's bridge. */
interface CockpitChannel {
  send(bytes: Uint8Array): void;
  close(): void;
  addEventListener(type: "message", listener: (event: unknown, bytes: Uint8Array) => void): void;
  addEventListener(type: "close", listener: (event: unknown, options: CockpitClose) => void): void;
}

/** Why a channel was closed. Without a problem the other end closed it. */
interface CockpitClose {
  /** `not-found`, `access-denied`, `terminated`, … Bridges differ in which they use. */
  readonly problem?: string | null;
}

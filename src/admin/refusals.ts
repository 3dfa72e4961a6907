import type { Limits } from "./limits.ts";
import { encodeMessage } from "./message.ts";

/** The socket of a client that is not served. */
interface RefusedSocket {
  write(bytes: Uint8Array): number;
  end(): unknown;
}

/** Answers clients that are not served. */
export interface Refusals {
  refuse(socket: RefusedSocket, reason: string): void;
  /** Bytes of a client arrived. Does nothing for a client that is served. */
  called(socket: RefusedSocket): void;
  closed(socket: RefusedSocket): void;
}

/**
 * Answers the first call with an error, instead of a session, and then closes. Without waiting for the call, the client
 * would get a broken pipe when it writes, and never read the reason.
 */
export function createRefusals({ refusedClients, refusalMs }: Limits): Refusals {
  const waiting = new Map<RefusedSocket, ReturnType<typeof setTimeout>>();

  return {
    refuse(socket, reason) {
      socket.write(encodeMessage({ error: "io.vmpower.Control.Refused", parameters: { reason } }));
      if (waiting.size >= refusedClients) socket.end();
      else
        waiting.set(
          socket,
          setTimeout(() => socket.end(), refusalMs),
        );
    },
    called(socket) {
      if (waiting.has(socket)) socket.end();
    },
    closed(socket) {
      clearTimeout(waiting.get(socket));
      waiting.delete(socket);
    },
  };
}

import type { Limits } from "./limits.ts";
import { encodeMessage } from "./message.ts";

/** The socket of a client that is not served. */
interface RefusedSocket {
  write(bytes: Uint8Array): number;
  end(): unknown;
}

/** Tells clients that they are not served. */
export interface Refusals {
  refuse(socket: RefusedSocket, reason: string): void;
  /** Something came from a client; nothing happens where it is served. */
  called(socket: RefusedSocket): void;
  closed(socket: RefusedSocket): void;
}

/**
 * Makes what answers, instead of a session, the one call that will come. The socket closes after it: a client that writes
 * to a closed socket learns of a broken pipe, and never reads why.
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

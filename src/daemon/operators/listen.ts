import { closeSync } from "node:fs";
import type { SocketHandler, TCPSocketListenOptions } from "bun";
import { duplicate } from "../../os/duplicate.ts";

/** Options of {@link Listen}. */
export interface Listener {
  /** Accepts no connection before {@link begin}; clients wait in the kernel's queue. False if that is not possible. */
  hold(): boolean;
  begin(): void;
  stop(): void;
}

/** Limits for accepting connections. */
export interface Pace {
  /** Connections before a pause. */
  readonly connections: number;
  /** Length of the pause in ms; 0 is until the next turn of the event loop. */
  readonly restMs: number;
}

/** The options of `Bun.listen()`. */
interface Options<Data> {
  readonly allowHalfOpen?: boolean;
  readonly socket: SocketHandler<Data>;
}

/**
 * Makes a `Bun.listen()` that pauses. The runtime accepts all waiting connections in one turn of the event loop, so a
 * client that connects without end would block guests' packets. Connections that are not accepted wait in the kernel's
 * queue; when that is full, the kernel refuses further ones.
 */
export function listenAtPace(pace: Pace) {
  return <Data>(options: Options<Data>) => start(options, pace);
}

function start<Data>(options: Options<Data>, { connections, restMs }: Pace): Listener {
  const { allowHalfOpen = false } = options;
  let accepted = 0;
  let restingFd: number | undefined;
  const socket: SocketHandler<Data> = {
    ...options.socket,
    open(client) {
      if (++accepted % connections === 0) rest();
      return options.socket.open?.(client);
    },
  };
  let listener = Bun.listen<Data>({ ...options, socket } as unknown as TCPSocketListenOptions<Data>);

  /** The runtime accepts connections until the listener is stopped. A second descriptor keeps the queue and its clients. */
  function hold(): boolean {
    restingFd = duplicate(fdOf(listener));
    if (restingFd === undefined) return false;
    listener.stop();
    return true;
  }

  function rest(): void {
    // Without free descriptors, a long turn is better than no listener.
    if (!hold()) return;
    if (restMs === 0) setImmediate(goOn);
    else setTimeout(goOn, restMs);
  }

  function goOn(): void {
    if (restingFd === undefined) return;
    const at = { fd: restingFd, allowHalfOpen, socket };
    listener = Bun.listen<Data>(at as unknown as TCPSocketListenOptions<Data>);
    restingFd = undefined;
  }

  return {
    hold,
    begin: goOn,
    stop() {
      if (restingFd === undefined) listener.stop();
      else closeSync(restingFd);
      restingFd = undefined;
    },
  };
}

/** Bun's listeners have this member; their types leave it out. */
function fdOf(listener: object): number {
  return (listener as { readonly fd: number }).fd;
}

import { closeSync } from "node:fs";
import type { SocketHandler, TCPSocketListenOptions } from "bun";
import { duplicate } from "../../os/duplicate.ts";

/** What is listened with. */
export interface Listener {
  /** Accepts no connection before {@link begin}; clients wait in the kernel's queue. False if that is not possible. */
  hold(): boolean;
  begin(): void;
  stop(): void;
}

/** How connections are taken. */
export interface Pace {
  /** After so many comes a rest. */
  readonly connections: number;
  /** 0: until the next turn of the event loop. */
  readonly restMs: number;
}

/** Those of `Bun.listen()`, wherever it is to listen. */
interface Options<Data> {
  readonly allowHalfOpen?: boolean;
  readonly socket: SocketHandler<Data>;
}

/**
 * Makes a `Bun.listen()` that rests. The runtime takes all connections that there are in one turn of the event loop:
 * somebody who connects without end would keep it there, and guests' packets waiting. What is not taken waits in the
 * kernel's queue, and when that is full, the kernel turns away who floods it.
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

  /** Only a stop ends the runtime's taking; a second descriptor keeps the queue, and who is in it. */
  function hold(): boolean {
    restingFd = duplicate(fdOf(listener));
    if (restingFd === undefined) return false;
    listener.stop();
    return true;
  }

  function rest(): void {
    // Out of descriptors: better a turn that is long than no listener.
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

/** Bun's listeners have it; its types do not say so. */
function fdOf(listener: object): number {
  return (listener as { readonly fd: number }).fd;
}

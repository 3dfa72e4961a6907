import type { Socket, SocketHandler, TCPSocketListenOptions } from "bun";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { type BindOptions, bindAt, type Listener } from "./bind.ts";
import { createCallTurns } from "./call-turns.ts";
import { type Caller, NOBODY } from "./caller.ts";
import type { Control } from "./control.ts";
import { controlInterface, MONITOR } from "./control-interface.ts";
import type { Interface } from "./interface.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { createRefusals } from "./refusals.ts";
import { withService } from "./service-interface.ts";
import { Session } from "./session.ts";
import { checkPathIsFree, identify, removeSocket } from "./socket-file.ts";

/** Options of {@link serveControl}. */
export interface ServeOptions extends InterfaceOptions {
  readonly control: Control;
}

/** Options of {@link serveInterfaces}. */
export interface InterfaceOptions extends BindOptions, ServiceOptions {
  /** At most 103 bytes. */
  readonly path: string;
}

/** Options of every server. */
export interface ServiceOptions {
  readonly log: Log;
  /** Reads who is at the other end of a connection (`SO_PEERCRED`). */
  readonly peerOf: (fd: number) => Caller | undefined;
  /** For `GetInfo`. */
  readonly version: string;
  /** Whether clients of this socket may change nothing. */
  readonly looksOnly?: boolean;
  /** Called after each mutating call was answered; `error` is the error's full name. */
  readonly onMutation?: ((call: Mutation) => void) | undefined;
  readonly limits?: Limits;
}

/** A call that should change something. */
export interface Mutation {
  readonly method: string;
  readonly parameters: object;
  readonly caller: Caller;
  readonly error: string | undefined;
}

/** A control socket that is being served. */
export interface ControlServer {
  /** Accepts the connections that wait, and new ones. Only needed for a server made with `held`. */
  begin(): void;
  /** Takes no more calls, delivers waiting bytes for a limited time, and closes. */
  close(): Promise<void>;
}

interface Client {
  readonly caller: Caller;
  readonly session: Session;
}

/** Serves `io.vmpower.Control` and `io.vmpower.Monitor` on a socket; throws where the path is taken by another daemon or another file. */
export function serveControl(options: ServeOptions): Promise<ControlServer> {
  const { log, limits = LIMITS } = options;
  const parts = [undefined, MONITOR].map((part) =>
    controlInterface(options.control, { log, callMs: limits.callMs }, part),
  );
  return serveInterfaces(parts, options);
}

/** Serves interfaces on a socket; throws where {@link serveControl} does. */
export async function serveInterfaces(
  parts: readonly Interface[],
  options: InterfaceOptions,
): Promise<ControlServer> {
  const { path } = options;
  await checkPathIsFree(path);
  return serveOn(parts, options, (handlers) => {
    const listener = bindAt(path, options, handlers);
    const identity = identify(path);
    return {
      begin: () => listener.begin?.(),
      stop() {
        removeSocket(path, identity);
        listener.stop();
      },
    };
  });
}

/** Serves interfaces on a socket that was opened by systemd, which keeps it. */
export function serveInherited(
  fd: number,
  parts: readonly Interface[],
  options: ServiceOptions,
): ControlServer {
  return serveOn(parts, options, (socket) =>
    // Bun takes an open socket here; its types leave that out.
    Bun.listen({ fd, allowHalfOpen: true, socket } as unknown as TCPSocketListenOptions<undefined>),
  );
}

function serveOn(
  parts: readonly Interface[],
  options: ServiceOptions,
  listen: (handlers: SocketHandler<undefined>) => Listener,
): ControlServer {
  const { log, limits = LIMITS } = options;
  const product = { vendor: "vm-power", product: "vm-power", version: options.version, url: "" };
  const interfaces = withService(product, parts);
  const clients = new Map<Socket<undefined>, Client>();
  const refusals = createRefusals(limits);
  const turns = createCallTurns(limits.callsPerTurn);
  const limiter = new LineLimiter();
  let closing: (() => void) | undefined;

  const listener = listen({
    open(socket) {
      const peer = options.peerOf(fdOf(socket)) ?? NOBODY;
      const caller = options.looksOnly ? { ...peer, looksOnly: true } : peer;
      const refusal = closing === undefined ? whyRefused(caller, clients, limits) : "The daemon is stopping";
      if (refusal !== undefined) {
        peer.process?.close();
        return refusals.refuse(socket, refusal);
      }
      const session = new Session(peerFor(socket), {
        caller,
        interfaces,
        limits,
        turns,
        waitingBytes: () => [...clients.values()].reduce((sum, { session }) => sum + session.queued(), 0),
        log: { ...log, info: (line) => logEnd(`uid ${caller.uid}`, line) },
        onMutation: ({ name, parameters }, { error }) =>
          options.onMutation?.({ method: name, parameters, caller, error }),
      });
      clients.set(socket, { caller, session });
    },
    data(socket, chunk) {
      clients.get(socket)?.session.received(chunk);
      refusals.called(socket);
    },
    drain: (socket) => clients.get(socket)?.session.drained(),
    end: (socket) => clients.get(socket)?.session.inputEnded(),
    close(socket) {
      refusals.closed(socket);
      clients.get(socket)?.session.closed();
      clients.get(socket)?.caller.process?.close();
      clients.delete(socket);
      if (clients.size === 0) closing?.();
    },
    error: (_socket, error) => log.debug(`A control connection failed: ${error.message}`),
  });

  /** Logs why a connection was closed, with a limit of lines for each user. */
  function logEnd(user: string, line: string): void {
    const allowed = limiter.allow(user, performance.now());
    if (allowed === undefined) return;
    const more = allowed.suppressed === 0 ? "" : ` (${allowed.suppressed} more such lines left out)`;
    log.info(`${line}${more}`);
  }

  return {
    begin: () => listener.begin?.(),
    async close() {
      listener.stop();
      const { promise, resolve } = Promise.withResolvers<void>();
      closing = resolve;
      if (clients.size === 0) resolve();
      for (const { session } of clients.values()) session.finish();
      const timer = setTimeout(() => {
        for (const socket of clients.keys()) socket.terminate();
        resolve();
      }, limits.closeMs);
      await promise;
      clearTimeout(timer);
    },
  };
}

function whyRefused(caller: Caller, clients: Map<unknown, Client>, limits: Limits): string | undefined {
  if (clients.size >= limits.clients) return `There are ${clients.size} clients already`;
  const own = [...clients.values()].filter(({ caller: { uid } }) => uid === caller.uid).length;
  if (caller.uid === 0 || own < limits.clientsPerUid) return undefined;
  return `There are ${own} clients of uid ${caller.uid} already`;
}

function peerFor(socket: Socket<undefined>) {
  return {
    write: (bytes: Uint8Array) => socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => {
      socket.end();
    },
  };
}

/** Bun's sockets have this method; their types leave it out. */
function fdOf(socket: Socket<undefined>): number {
  return (socket as unknown as { readonly fd: number }).fd;
}

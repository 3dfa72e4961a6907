import { chmodSync, chownSync, lstatSync, renameSync } from "node:fs";
import type { Socket, SocketHandler } from "bun";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { moveAside } from "../os/move-aside.ts";
import { whyNotWritable } from "../os/own-directory.ts";
import { createCallTurns } from "./call-turns.ts";
import { type Caller, NOBODY } from "./caller.ts";
import type { Control } from "./control.ts";
import { controlInterface, MONITOR } from "./control-interface.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { createRefusals } from "./refusals.ts";
import { withService } from "./service-interface.ts";
import { openSession, type Session } from "./session.ts";
import { checkPathIsFree, identify, removeSocket } from "./socket-file.ts";

/** What the control socket is served with. */
export interface ServeOptions {
  /** At most 103 bytes. */
  readonly path: string;
  readonly control: Control;
  /** The kernel's word on who is at the other end of a connection (`SO_PEERCRED`). */
  readonly peerOf: (fd: number) => Caller | undefined;
  readonly log: Log;
  /** For `GetInfo`. */
  readonly version: string;
  /** The group whose members may connect; without it only root may. */
  readonly gid?: number | undefined;
  /** Whether everybody on the host may connect. */
  readonly everyone?: boolean;
  /** Whether whoever connects may look, and change nothing. */
  readonly looksOnly?: boolean;
  /** Told of every mutating call after it was answered; `error` is the error's full name. */
  readonly onMutation?: ((call: Mutation) => void) | undefined;
  readonly limits?: Limits;
  /** `Bun.listen()`, or what bounds it. */
  readonly listen?: Listen;
}

type Listen = (options: { unix: string; allowHalfOpen: boolean; socket: SocketHandler<undefined> }) => {
  stop(): void;
};

/** A call that was to change something. */
export interface Mutation {
  readonly method: string;
  readonly parameters: object;
  readonly caller: Caller;
  readonly error: string | undefined;
}

/** A control socket that is being served. */
export interface ControlServer {
  /** Takes no more calls, delivers what is queued within a bound, and closes. */
  close(): Promise<void>;
}

interface Client {
  readonly caller: Caller;
  readonly session: Session;
}

const SOCKET_MODE = 0o660;
const SOCKET_MODE_EVERYONE = 0o666;

/** Serves `io.vmpower.Control` and `io.vmpower.Monitor` on a socket; throws where the path is taken by another daemon or another file. */
export async function serveControl(options: ServeOptions): Promise<ControlServer> {
  const { path, log, limits = LIMITS } = options;
  await checkPathIsFree(path);
  const interfaces = withService(
    { vendor: "vm-power", product: "vm-power", version: options.version, url: "" },
    [undefined, MONITOR].map((part) =>
      controlInterface(options.control, { log, callMs: limits.callMs }, part),
    ),
  );
  const clients = new Map<Socket<undefined>, Client>();
  const refusals = createRefusals(limits);
  const turns = createCallTurns(limits.callsPerTurn);
  const limiter = new LineLimiter();
  let closing: (() => void) | undefined;

  const listener = bindAt(path, options, {
    open(socket) {
      const peer = options.peerOf(fdOf(socket)) ?? NOBODY;
      const caller = options.looksOnly ? { ...peer, looksOnly: true } : peer;
      const refusal = closing === undefined ? whyRefused(caller, clients, limits) : "The daemon is stopping";
      if (refusal !== undefined) return refusals.refuse(socket, refusal);
      const session = openSession(peerFor(socket), {
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
      clients.delete(socket);
      if (clients.size === 0) closing?.();
    },
    error: (_socket, error) => log.debug(`A control connection failed: ${error.message}`),
  });
  const identity = identify(path);

  /** Why a connection was closed: whoever makes others without end does not fill the log with it. */
  function logEnd(user: string, line: string): void {
    const allowed = limiter.allow(user, Date.now());
    if (allowed === undefined) return;
    const more = allowed.suppressed === 0 ? "" : ` (${allowed.suppressed} more such lines left out)`;
    log.info(`${line}${more}`);
  }

  return {
    async close() {
      removeSocket(path, identity);
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

/**
 * Binds beside the path and renames, for three reasons: nobody can connect before mode and group are right, a stale
 * socket is replaced in one step, and Bun, which unlinks whatever stands at the path it bound, finds nothing there.
 */
function bindAt(
  path: string,
  { gid, log, everyone, listen = Bun.listen }: ServeOptions,
  socket: SocketHandler<undefined>,
): { stop(): void } {
  const fresh = `${path}.new`;
  const mode = everyone ? SOCKET_MODE_EVERYONE : SOCKET_MODE;
  removeSocket(fresh);
  const inTheWay = lstatSync(fresh, { throwIfNoEntry: false }) !== undefined;
  if (inTheWay) moveAside(fresh, { log, because: "a socket is to be made there" });
  const umask = process.umask(0o777 & ~mode);
  let listener: { stop(): void };
  try {
    listener = listen({ unix: fresh, allowHalfOpen: true, socket });
  } catch (cause) {
    const why = whyNotWritable(path);
    throw new Error(
      `Cannot serve "${path}"${why === undefined ? "" : `: ${why}`}`,
      why === undefined ? { cause } : {},
    );
  } finally {
    process.umask(umask);
  }
  try {
    chmodSync(fresh, mode);
    if (gid !== undefined) giveToGroup(fresh, gid, log);
    renameSync(fresh, path);
  } catch (cause) {
    listener.stop();
    throw new Error(`Cannot serve "${path}"`, { cause });
  }
  return listener;
}

function giveToGroup(path: string, gid: number, log: Log): void {
  try {
    chownSync(path, -1, gid);
  } catch (error) {
    // Root can still steer the daemon, which is better than no daemon.
    log.warning(
      `Cannot give "${path.replace(/\.new$/, "")}" to group ${gid}: ${error instanceof Error ? error.message : error}`,
    );
  }
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

/** Bun's sockets have it; its types do not say so. */
function fdOf(socket: Socket<undefined>): number {
  return (socket as unknown as { readonly fd: number }).fd;
}

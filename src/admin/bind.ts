import { chmodSync, chownSync, lstatSync, renameSync } from "node:fs";
import type { SocketHandler } from "bun";
import type { Log } from "../base/log.ts";
import { moveAside } from "../os/move-aside.ts";
import { whyNotWritable } from "../os/own-directory.ts";
import { removeSocket } from "./socket-file.ts";

/** `Bun.listen()`, or a version of it that limits connections. */
type Listen = (options: {
  unix: string;
  allowHalfOpen: boolean;
  socket: SocketHandler<undefined>;
}) => Listener;

/** Options of {@link Listen}. */
export interface Listener {
  /** Accepts no connection before `begin()`; clients wait in the kernel's queue. False if that is not possible. */
  hold?(): boolean;
  begin?(): void;
  stop(): void;
}

const SOCKET_MODE = 0o660;
const SOCKET_MODE_EVERYONE = 0o666;

/** How to bind a socket. */
export interface BindOptions {
  readonly log: Log;
  /** The group whose members may connect; without it only root may. */
  readonly gid?: number | undefined;
  /** Whether everybody on the host may connect. */
  readonly everyone?: boolean;
  /** `Bun.listen()`, or a version of it that limits connections. */
  readonly listen?: Listen;
  /** Whether clients wait until `begin()` is called; `listen` must support it. */
  readonly held?: boolean;
}

/**
 * Binds a temporary path and renames it, for three reasons: nobody can connect before mode and group are set, a stale
 * socket is replaced in one step, and Bun, which unlinks the path that it bound, finds nothing there.
 */
export function bindAt(
  path: string,
  { gid, log, everyone, held, listen = Bun.listen }: BindOptions,
  socket: SocketHandler<undefined>,
): Listener {
  const fresh = `${path}.new`;
  const mode = everyone ? SOCKET_MODE_EVERYONE : SOCKET_MODE;
  removeSocket(fresh);
  const inTheWay = lstatSync(fresh, { throwIfNoEntry: false }) !== undefined;
  if (inTheWay) moveAside(fresh, { log, because: "a socket is to be made there" });
  const umask = process.umask(0o777 & ~mode);
  let listener: Listener;
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
    if (held && listener.hold?.() !== true)
      throw new Error("Cannot hold connections back: no file descriptor is left");
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
    // Root can still use the socket, which is better than no daemon.
    log.warning(
      `Cannot give "${path.replace(/\.new$/, "")}" to group ${gid}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

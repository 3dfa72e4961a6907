import { statSync } from "node:fs";
import type { Log } from "../../base/log.ts";
import { type DirectoryLock, lockDirectory } from "../../os/directory-lock.ts";
import { findLockHolder } from "../../os/lock-holder.ts";
import { resolveUsers } from "../users.ts";

/** Users that run daemons. */
const DAEMON_USERS = ["root", "vm-power"];

/** Group or others may read the directory, so a stranger may have locked it. */
const READABLE_BY_OTHERS = 0o044;

/** A directory that only one daemon of a host may use, and the key that names it. */
export interface SoleDirectory {
  readonly key: string;
  readonly path: string;
}

interface Claim {
  readonly directory: SoleDirectory;
  lock: DirectoryLock | undefined;
  /** Whether it was logged that another process has it. */
  told: boolean;
}

/**
 * The directories that this daemon has for itself. Two daemons on the same CPUs would undo each other's settings; on
 * the same channels, each would serve some guests by chance. That does not depend on their other directories and
 * sockets.
 */
export class SoleUse {
  readonly #log: Log;
  readonly #claims: Claim[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Locks a directory. Throws an error for the operator if another daemon has it. A missing directory is locked later.
   */
  claim(directory: SoleDirectory): void {
    const claim: Claim = { directory, lock: undefined, told: false };
    const problem = this.#take(claim);
    if (problem !== undefined) throw new Error(problem);
    this.#claims.push(claim);
  }

  /** Locks directories that were made, or made anew, since the last call. */
  renew(): void {
    for (const claim of this.#claims) {
      if (claim.lock?.isCurrent() === true) continue;
      claim.lock?.release();
      claim.lock = undefined;
      const problem = this.#take(claim);
      if (problem !== undefined) this.#log.error(problem);
    }
  }

  /** Returns, only once, why the directory cannot be locked. */
  #take(claim: Claim): string | undefined {
    const locked = lockDirectory(claim.directory.path);
    const isHeld = !locked.ok && locked.why === "held";
    if (locked.ok) claim.lock = locked.value;
    const wasTold = claim.told;
    claim.told = isHeld;
    return isHeld && !wasTold ? judgeHolder(claim.directory, this.#log) : undefined;
  }

  close(): void {
    for (const { lock } of this.#claims.splice(0)) lock?.release();
  }
}

/**
 * Why a locked directory must not be used. A lock that a stranger may hold is logged and ignored: anybody can lock what
 * he can read, and that must not keep the daemon from starting.
 */
function judgeHolder({ key, path }: SoleDirectory, log: Log): string | undefined {
  const stat = statSync(path);
  const holder = findLockHolder(stat);
  const users = resolveUsers(DAEMON_USERS);
  const isDaemon =
    holder === undefined
      ? users.has(stat.uid) && (stat.mode & READABLE_BY_OTHERS) === 0
      : users.has(holder.uid);
  const who = holder === undefined ? "a process that this user cannot see" : `process ${holder.pid}`;
  if (isDaemon)
    return `Another daemon (${who}) uses ${key}="${path}": stop that one, or set ${key} to another directory`;
  log.warning(
    `Cannot find out whether another daemon uses ${key}="${path}": ${who} holds a lock on it, which any user can take; as root, "fuser -v ${path}" shows the process`,
  );
  return undefined;
}

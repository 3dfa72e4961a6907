import { statSync } from "node:fs";
import type { Log } from "../../base/log.ts";
import { type DirectoryLock, lockDirectory } from "../../os/directory-lock.ts";
import { findLockHolder } from "../../os/lock-holder.ts";
import { resolveUsers } from "../users.ts";

/** Those as whom a daemon runs. */
const DAEMON_USERS = ["root", "vm-power"];

/** Read by group or others: then a lock may be a stranger's. */
const READABLE_BY_OTHERS = 0o044;

/** A directory that only one daemon of a host may work on, and the key of the configuration that names it. */
export interface SoleDirectory {
  readonly key: string;
  readonly path: string;
}

interface Claim {
  readonly directory: SoleDirectory;
  lock: DirectoryLock | undefined;
  /** That somebody else has it was told. */
  told: boolean;
}

/**
 * The directories that this daemon has for itself. Two daemons on the same CPUs would undo each other's settings, and on
 * the same channels would share guests by chance, whatever else their configurations have of their own.
 */
export class SoleUse {
  readonly #log: Log;
  readonly #claims: Claim[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes a directory; throws for the operator when another daemon has it. One that is missing is taken later. */
  claim(directory: SoleDirectory): void {
    const claim: Claim = { directory, lock: undefined, told: false };
    const problem = this.#take(claim);
    if (problem !== undefined) throw new Error(problem);
    this.#claims.push(claim);
  }

  /** Takes directories that were made since, or made anew. */
  renew(): void {
    for (const claim of this.#claims) {
      if (claim.lock?.isCurrent() === true) continue;
      claim.lock?.release();
      claim.lock = undefined;
      const problem = this.#take(claim);
      if (problem !== undefined) this.#log.error(problem);
    }
  }

  /** Answers once why it may not be had. */
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
 * Why a directory that somebody has locked may not be used. A lock that a stranger may hold is told of and passed over:
 * anybody can lock what he can read, and must not keep the daemon from starting.
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
    return `Another daemon (${who}) works on ${key}="${path}": stop that one, or set ${key} to another directory`;
  log.warning(
    `Whether another daemon works on ${key}="${path}" cannot be told: ${who} has locked it, and so could any user; as root, "fuser -v ${path}" names it`,
  );
  return undefined;
}

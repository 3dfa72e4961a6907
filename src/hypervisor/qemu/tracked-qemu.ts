import type { Domain, Pcpu } from "../../base/domain.ts";
import type { QemuProcess } from "./examine.ts";
import type { Proc } from "./proc.ts";
import { channelPaths } from "./sockets.ts";
import { type Affinity, findThreads, pinnedOthers, pinsOf, type Threads } from "./threads.ts";

/** A QEMU that is followed. While it is held by its pidfd, its number is not given to another process. */
export class TrackedQemu {
  readonly pid: number;
  readonly pidfd: number;
  readonly name: string;
  readonly process: QemuProcess;
  readonly #proc: Proc;
  #threads: Threads;
  #paths: ReadonlyMap<string, number> | undefined;

  constructor(proc: Proc, { pid, pidfd, name, process, threads }: Found) {
    this.#proc = proc;
    this.pid = pid;
    this.pidfd = pidfd;
    this.name = name;
    this.process = process;
    this.#threads = threads;
  }

  /** Identifies the process, also after its number was given to another one. */
  get run(): { readonly uuid: string; readonly id: number } {
    return { uuid: `${this.pid}:${this.process.startTicks}`, id: 0 };
  }

  /** The threads of the vCPUs, as they were found last. */
  get threads(): Threads {
    return this.#threads;
  }

  /** Looks for its threads and sockets anew, or only if the number of threads has changed. */
  look({ isDue }: { readonly isDue: boolean }): void {
    if (!isDue && this.#proc.threadCount(this.pid) === this.#threads.count) return;
    this.#threads = findThreads(this.#proc, this.pid);
    if (this.#paths?.size !== this.process.channels.size) this.#paths = undefined;
  }

  /** What to report. Whether its guest is paused, only its monitor could tell. */
  domain(affinity: Affinity, host: ReadonlySet<Pcpu>): Domain {
    const { pid, process } = this;
    this.#paths ??= channelPaths(this.#proc, pid, process.channels);
    const threads = pinnedOthers(this.#threads, affinity, host);
    return {
      name: this.name,
      ...(process.uuid === undefined ? {} : { uuid: process.uuid }),
      run: this.run.uuid,
      state: "running",
      origin: process.isIncoming ? "migrated-in" : "unknown",
      pins: pinsOf(this.#threads, affinity, host),
      channels: this.#paths,
      pid,
      ...(threads === undefined ? {} : { threads }),
      ...(process.contract === undefined ? {} : { contract: process.contract }),
    };
  }
}

/** A process that was found to be a QEMU. */
export interface Found {
  readonly pid: number;
  readonly pidfd: number;
  readonly name: string;
  readonly process: QemuProcess;
  readonly threads: Threads;
}

import fs from "node:fs";
import { attempt } from "../../base/attempt.ts";
import { VCPUS_MAX } from "../../base/domain.ts";

/** The most processes of a host that are looked at. */
export const PROCESSES_MAX = 65_536;

/** The most threads of one process that are looked at: those of QEMU's largest machine, and some more. */
const THREADS_MAX = VCPUS_MAX + 512;

/** Bytes of nearly every file about a process: names, ids, and also most command lines. */
const USUAL_BYTES = 64 * 1024;

/** The kernel's files about processes, below a root: "/proc". */
export class Proc {
  readonly root: string;
  readonly #buffer = Buffer.alloc(USUAL_BYTES);

  constructor(root: string) {
    this.root = root;
  }

  /** Whether processes of other users can be seen: the first one is root's. */
  get seesOthers(): boolean {
    return fs.existsSync(`${this.root}/1`);
  }

  /** The number that was given to a process or thread last; undefined if it cannot be read. */
  get lastPid(): number | undefined {
    const text = attempt(() => fs.readFileSync(`${this.root}/loadavg`, "latin1"));
    return text === undefined ? undefined : Number(text.trim().split(" ").at(-1));
  }

  /** The numbers of all processes that can be seen. Read beside this thread: the list may be long. */
  async pids(): Promise<number[]> {
    const names = await fs.promises.readdir(this.root);
    return numbersOf(names, PROCESSES_MAX);
  }

  /** The numbers of the threads of a process, in ascending order; none if it has ended. */
  threads(pid: number): number[] {
    const names = attempt(() => fs.readdirSync(`${this.root}/${pid}/task`)) ?? [];
    return numbersOf(names, THREADS_MAX).sort((a, b) => a - b);
  }

  /** How many threads a process has: the kernel tells it as the number of links, without a list. */
  threadCount(pid: number): number | undefined {
    return fs.statSync(`${this.root}/${pid}/task`, { throwIfNoEntry: false })?.nlink;
  }

  /** A small file of a process, like `comm` or `task/17/comm`, or its beginning; undefined if it cannot be read. */
  text(pid: number, file: string): string | undefined {
    const size = this.#read(pid, file, this.#buffer);
    return size === undefined ? undefined : this.#buffer.toString("utf8", 0, size).trim();
  }

  /** A file of a process as it is; undefined if it cannot be read, or has more than that many bytes. */
  whole(pid: number, file: string, bytesMax: number): string | undefined {
    let buffer = this.#buffer;
    let size = this.#read(pid, file, buffer) ?? bytesMax + 1;
    if (size === buffer.length) {
      buffer = Buffer.alloc(bytesMax + 1);
      size = this.#read(pid, file, buffer) ?? bytesMax + 1;
    }
    return size > bytesMax ? undefined : buffer.toString("utf8", 0, size);
  }

  /** Where a link of a process leads, like `fd/7`; undefined if it cannot be read. */
  link(pid: number, file: string): string | undefined {
    return attempt(() => fs.readlinkSync(`${this.root}/${pid}/${file}`));
  }

  /** Reads as much as there is, or as fits. */
  #read(pid: number, file: string, into: Buffer): number | undefined {
    return attempt(() => {
      const fd = fs.openSync(`${this.root}/${pid}/${file}`, "r");
      try {
        let size = 0;
        for (let read = -1; read !== 0 && size < into.length; size += read)
          read = fs.readSync(fd, into, size, into.length - size, null);
        return size;
      } finally {
        fs.closeSync(fd);
      }
    });
  }
}

function numbersOf(names: readonly string[], max: number): number[] {
  return names
    .filter((name) => /^[1-9]\d{0,9}$/.test(name))
    .map(Number)
    .slice(0, max);
}

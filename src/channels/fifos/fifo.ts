import {
  closeSync,
  type FSWatcher,
  constants as fs,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  watch,
} from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { errnoOf } from "../../os/errno.ts";
import { type Found, ObjectCutter } from "./object-cutter.ts";

/** Bytes that are read in one turn of the event loop. */
const TURN_BYTES = 512;

/** While an object is incomplete, the FIFO is looked at again after this time, in ms. */
const LOOK_MS = 250;

/** An object must go on within this time in ms, even while somebody has the FIFO open. */
const PAUSE_MS = 1000;

/** Who owns a file, and who may do what with it. */
export interface FileRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A file that should be a FIFO. */
export interface FifoState extends FileRights {
  readonly isFifo: boolean;
  /** Another file at the same path has another identity. */
  readonly identity: string;
}

export function stateOf(stats: Stats): FifoState {
  const { uid, gid, mode, dev, ino } = stats;
  return { uid, gid, mode, isFifo: stats.isFIFO(), identity: `${dev}:${ino}` };
}

/** A FIFO that is open for reading only, so that nothing can be written into it. */
export class Fifo {
  readonly cpu: Pcpu;
  readonly path: string;
  readonly fd: number;
  readonly #wake: () => void;
  readonly #cutter = new ObjectCutter();
  readonly #buffer = new Uint8Array(TURN_BYTES);
  #watcher: FSWatcher | undefined;
  #look: Timer | undefined;
  #heardMs = 0;

  /** `wake` is called when there may be something to read. */
  static open(path: string, cpu: Pcpu, wake: () => void): Result<Fifo> {
    try {
      // Without O_NONBLOCK the open would wait for a writer.
      const fd = openSync(path, fs.O_RDONLY | fs.O_NONBLOCK | fs.O_NOFOLLOW);
      return success(new Fifo(fd, { path, cpu, wake }));
    } catch (error) {
      return failure(errnoOf(error));
    }
  }

  private constructor(fd: number, { path, cpu, wake }: { path: string; cpu: Pcpu; wake: () => void }) {
    this.fd = fd;
    this.path = path;
    this.cpu = cpu;
    this.#wake = wake;
    try {
      // The kernel reports each write by inotify, so that an idle FIFO costs nothing.
      this.#watcher = watch(path, wake);
      this.#watcher.on("error", () => {});
    } catch {
      // The kernel's limit of watches is reached: it is looked at periodically.
    }
  }

  /** The state of the file that is open, whatever is at its path now. */
  state(): FifoState {
    return stateOf(fstatSync(this.fd));
  }

  /** Reads until nothing is left, or some bytes. Returns whether there may be more, or why it cannot be read any more. */
  read(found: (found: Found) => void): Result<boolean> {
    clearTimeout(this.#look);
    for (let left = TURN_BYTES; left > 0; ) {
      const bytes = this.#receive(left);
      if (!bytes.ok) return bytes;
      if (bytes.value === "silence" || bytes.value.length === 0) {
        this.#emptied(bytes.value !== "silence", found);
        return success(false);
      }
      this.#heardMs = performance.now();
      this.#cutter.push(bytes.value, found);
      left -= bytes.value.length;
    }
    return success(true);
  }

  /** Without a writer, what was begun is not completed: what another one writes is an object of its own. */
  #emptied(isLeft: boolean, found: (found: Found) => void): void {
    if (isLeft || performance.now() - this.#heardMs >= PAUSE_MS) this.#cutter.pause(found);
    if (this.#cutter.waits) this.#look = setTimeout(this.#wake, LOOK_MS);
  }

  close(): void {
    clearTimeout(this.#look);
    this.#watcher?.close();
    closeSync(this.fd);
  }

  /** No bytes if nobody has it open for writing, "silence" if somebody has. */
  #receive(bytesMax: number): Result<Uint8Array | "silence"> {
    try {
      return success(this.#buffer.subarray(0, readSync(this.fd, this.#buffer, 0, bytesMax, null)));
    } catch (error) {
      const errno = errnoOf(error);
      return errno === "EAGAIN" ? success("silence") : failure(errno);
    }
  }
}

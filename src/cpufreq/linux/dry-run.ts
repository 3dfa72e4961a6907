import fs from "node:fs";
import type { Log } from "../../base/log.ts";
import { failure, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoOf } from "../../os/errno.ts";
import { NO_FILE_CALLS } from "../../os/file-calls.ts";
import { ATTRIBUTE_SIZE_MAX, AttributeBuffer } from "./attribute-buffer.ts";
import type { Attribute, Disk } from "./disk.ts";

/** A disk that changes nothing: it logs each write and behaves as if the kernel had accepted it. */
export function dryRun(log: Log): Disk {
  const written = new Map<string, Uint8Array>();
  return {
    open(path) {
      try {
        const fd = fs.openSync(path, fs.constants.O_RDONLY);
        return success(new DryAttribute(path, fd, { written, log }));
      } catch (error) {
        return failure(errnoOf(error));
      }
    },
    files: NO_FILE_CALLS,
  };
}

interface DryMemory {
  readonly written: Map<string, Uint8Array>;
  readonly log: Log;
}

class DryAttribute extends AttributeBuffer implements Attribute {
  readonly #path: string;
  readonly #fd: number;
  readonly #memory: DryMemory;

  constructor(path: string, fd: number, memory: DryMemory) {
    super();
    this.#path = path;
    this.#fd = fd;
    this.#memory = memory;
  }

  write(data: Uint8Array): Errno | undefined {
    this.#memory.written.set(this.#path, data);
    const value = new TextDecoder().decode(data).trimEnd();
    this.#memory.log.info(`Dry run: would write "${value}" to ${this.#path}`);
    return this.read();
  }

  read(): Errno | undefined {
    const data = this.#memory.written.get(this.#path);
    try {
      if (data === undefined) this.size = fs.readSync(this.#fd, this.bytes, 0, ATTRIBUTE_SIZE_MAX, 0);
      else this.take(data);
      return undefined;
    } catch (error) {
      return errnoOf(error);
    }
  }

  isUnchanged(): boolean {
    const before = this.text();
    const errno = this.read();
    return errno === undefined && this.text() === before;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

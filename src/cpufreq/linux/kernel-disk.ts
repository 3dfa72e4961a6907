import fs from "node:fs";
import { failure, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoOf } from "../../os/errno.ts";
import { FILE_CALLS } from "../../os/file-calls.ts";
import { ATTRIBUTE_SIZE_MAX, AttributeBuffer } from "./attribute-buffer.ts";
import type { Attribute, Disk } from "./disk.ts";

const { O_NOFOLLOW, O_RDWR } = fs.constants;

/** The `f_type` of sysfs in statfs(2). */
const SYSFS_MAGIC = 0x62656572;

/** Buffer for content that is only compared. */
const again = new Uint8Array(ATTRIBUTE_SIZE_MAX);

/** The real disk. `root` decides whether the attributes are the kernel's or plain files of a tree like it. */
export function kernelDisk(root: string): Disk {
  const plain = isPlain(root);
  return {
    open(path) {
      try {
        return success(new KernelAttribute(fs.openSync(path, O_RDWR | O_NOFOLLOW), plain));
      } catch (error) {
        return failure(errnoOf(error));
      }
    },
    files: FILE_CALLS,
  };
}

/**
 * Whether a directory is not in sysfs. A plain file keeps the rest of a longer content when a shorter one is written.
 */
export function isPlain(root: string): boolean {
  try {
    return fs.statfsSync(root).type !== SYSFS_MAGIC;
  } catch {
    return false;
  }
}

class KernelAttribute extends AttributeBuffer implements Attribute {
  readonly #fd: number;
  readonly #plain: boolean;

  constructor(fd: number, plain: boolean) {
    super();
    this.#fd = fd;
    this.#plain = plain;
  }

  write(data: Uint8Array): Errno | undefined {
    try {
      fs.writeSync(this.#fd, data, 0, data.length, 0);
      this.size = fs.readSync(this.#fd, this.bytes, 0, ATTRIBUTE_SIZE_MAX, 0);
      // The kernel takes a write as the whole value; in a plain file the rest of a longer value must be cut off.
      if (this.#plain && this.size > data.length) this.#cut(data.length);
      return undefined;
    } catch (error) {
      return errnoOf(error);
    }
  }

  #cut(size: number): void {
    fs.ftruncateSync(this.#fd, size);
    this.size = size;
  }

  read(): Errno | undefined {
    try {
      this.size = fs.readSync(this.#fd, this.bytes, 0, ATTRIBUTE_SIZE_MAX, 0);
      return undefined;
    } catch (error) {
      return errnoOf(error);
    }
  }

  isUnchanged(): boolean {
    try {
      return this.saysAgain(again, fs.readSync(this.#fd, again, 0, ATTRIBUTE_SIZE_MAX, 0));
    } catch {
      return false;
    }
  }

  close(): void {
    try {
      fs.closeSync(this.#fd);
    } catch {
      // Nothing is buffered here, so a failed close loses nothing.
    }
  }
}

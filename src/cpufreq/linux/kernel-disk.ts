import fs from "node:fs";
import { failure, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoOf } from "../../os/errno.ts";
import { FILE_CALLS } from "../../os/file-calls.ts";
import { ReadBack } from "../read-back.ts";
import { ATTRIBUTE_SIZE_MAX, AttributeBuffer } from "./attribute-buffer.ts";
import type { Attribute, Disk } from "./disk.ts";

const { O_NOFOLLOW, O_RDWR } = fs.constants;

/** The `f_type` of sysfs in statfs(2). */
const SYSFS_MAGIC = 0x62656572;

/** Buffer for what is read. */
const again = new Uint8Array(ATTRIBUTE_SIZE_MAX);

/**
 * The real disk. `root` decides whether the attributes are the kernel's or plain files of a tree like it. `readBack` is called
 * when what a turn wrote was read again.
 */
export function kernelDisk(root: string, readBack = () => {}): Disk {
  const plain = isPlain(root);
  const unread = new ReadBack(readBack);
  return {
    open(path) {
      try {
        return success(new KernelAttribute(fs.openSync(path, O_RDWR | O_NOFOLLOW), { plain, unread }));
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
  readonly #unread: ReadBack;
  /** What was written since the last reading. */
  #written: Uint8Array | undefined;
  /** What the file contained after a write that the kernel did not round. Forgotten when the file is not as expected. */
  #taken = new WeakMap<Uint8Array, Uint8Array>();
  /** The bytes that a plain file has, as far as we know. */
  #extent = Number.POSITIVE_INFINITY;

  constructor(fd: number, { plain, unread }: { plain: boolean; unread: ReadBack }) {
    super();
    this.#fd = fd;
    this.#plain = plain;
    this.#unread = unread;
  }

  write(data: Uint8Array): Errno | undefined {
    try {
      fs.writeSync(this.#fd, data, 0, data.length, 0);
      if (this.#plain) this.#cut(data.length);
    } catch (error) {
      return errnoOf(error);
    }
    const taken = this.#taken.get(data);
    if (taken !== undefined) this.take(taken);
    else if (this.#written === undefined) this.#unread.add(this);
    this.#written = taken === undefined ? data : undefined;
    return undefined;
  }

  /**
   * The kernel takes a write as the whole value; in a plain file the rest of a longer value must be cut off. What
   * another program made longer is cut when it is read.
   */
  #cut(size: number): void {
    if (this.#extent > size) fs.ftruncateSync(this.#fd, size);
    this.#extent = size;
  }

  /** Reads the kernel's rounding of what was written last. */
  readBack(): void {
    const written = this.#written;
    if (written === undefined || this.read() !== undefined) return;
    if (this.#plain && this.size > written.length)
      try {
        this.#cut(written.length);
        this.size = written.length;
      } catch {
        // The rest of the longer value stays, and the next look finds it.
      }
    if (this.saysLine(written)) this.#taken.set(written, this.bytes.slice(0, this.size));
  }

  read(): Errno | undefined {
    const isRead = this.#written === undefined;
    this.#written = undefined;
    try {
      const size = fs.readSync(this.#fd, again, 0, ATTRIBUTE_SIZE_MAX, 0);
      // Another limit may be in force.
      if (isRead && !this.saysAgain(again, size)) this.#taken = new WeakMap();
      this.take(again, size);
      this.#extent = size;
      return undefined;
    } catch (error) {
      // What was read before our write is not the kernel's rounding of it.
      if (!isRead) this.size = 0;
      return errnoOf(error);
    }
  }

  isUnchanged(): boolean {
    this.readBack();
    try {
      return this.saysAgain(again, fs.readSync(this.#fd, again, 0, ATTRIBUTE_SIZE_MAX, 0));
    } catch {
      return false;
    }
  }

  override text(): string {
    this.readBack();
    return super.text();
  }

  override number(): number {
    this.readBack();
    return super.number();
  }

  close(): void {
    this.#written = undefined;
    try {
      fs.closeSync(this.#fd);
    } catch {
      // Nothing is buffered here, so a failed close loses nothing.
    }
  }
}

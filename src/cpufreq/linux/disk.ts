import type { Errno } from "../../os/errno.ts";
import type { FileCalls } from "../../os/file-calls.ts";

/**
 * Everything in this folder that changes a file goes through here: handed in, so that a refusal, a crash or a dry run
 * can be played without a kernel.
 */
export interface Disk {
  /** Opens a sysfs file for reading and writing, following no symbolic link in its last part. */
  open(path: string): Attribute | Errno;
  /** What files of our own are written with: the restore journal. */
  readonly files: FileCalls;
}

/** One sysfs file, kept open. */
export interface Attribute {
  /** Writes a value, and reads back what the kernel made of it. */
  write(data: Uint8Array): Errno | undefined;
  /** Reads it again. */
  read(): Errno | undefined;
  /** Whether it still says what was last read; when not, or when it cannot be read, that is not forgotten. */
  isUnchanged(): boolean;
  /** What was last read, with the newline. */
  text(): string;
  /** What was last read, as a number; NaN when it is none. Makes no string: it is on the packet's way. */
  number(): number;
  close(): void;
}

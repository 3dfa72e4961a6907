import type { Result } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import type { FileCalls } from "../../os/file-calls.ts";

/**
 * All changes of files in this folder go through this interface. It is passed in, so that tests and the dry run can
 * replace the kernel.
 */
export interface Disk {
  /** Opens a sysfs file for reading and writing, following no symbolic link in its last part. */
  open(path: string): Result<Attribute, Errno>;
  /** The calls with which our own files, the restore journal, are written. */
  readonly files: FileCalls;
}

/** One sysfs file, kept open. */
export interface Attribute {
  /** Writes a value. The content is read again before it is next asked for, at the latest when the turn ends. */
  write(data: Uint8Array): Errno | undefined;
  /** Reads it again. */
  read(): Errno | undefined;
  /** Whether the content is as it was read last; false if it cannot be read. Keeps the last content. */
  isUnchanged(): boolean;
  /** The content that was read last, with the newline. */
  text(): string;
  /**
   * The content that was read last as a number; NaN if it is none. Allocates nothing: it is called while a packet is
   * handled.
   */
  number(): number;
  close(): void;
}

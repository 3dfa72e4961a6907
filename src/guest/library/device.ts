import fs from "node:fs";
import { failure, type Result, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import { errnoOf } from "../../os/errno.ts";

/** The guest's end of a channel. It never blocks. */
export interface Device {
  /** Returns how many bytes were written, or why none: `EAGAIN` if no host is connected or its queue is full. */
  write(bytes: Uint8Array): number | Errno;
  /** Returns how many bytes were read: 0 if no host is connected, `EAGAIN` if nothing has arrived. */
  read(into: Uint8Array): number | Errno;
  close(): void;
}

const { O_RDWR, O_NONBLOCK, O_NOCTTY } = fs.constants;

/**
 * Opens a character device. Reading never blocks: a thread that waits in read(2) could not be interrupted, and the
 * event loops of Bun and Node do not accept such devices. The caller reads again after a while.
 */
export function openDevice(path: string): Result<Device, Errno> {
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    return failure(errnoOf(error));
  }
  return success({
    write: (bytes) => attempt(() => fs.writeSync(fd, bytes, 0, bytes.length, null)),
    read: (into) => attempt(() => fs.readSync(fd, into, 0, into.length, null)),
    close() {
      try {
        fs.closeSync(fd);
      } catch {
        // The device was removed: there is nothing left to close.
      }
    },
  });
}

function attempt(work: () => number): number | Errno {
  try {
    return work();
  } catch (error) {
    return errnoOf(error);
  }
}

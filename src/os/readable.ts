import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const POLLIN = 0x001;

/** `struct pollfd` (poll(2)): the descriptor, and two bytes each for what is asked and what is so. */
const POLLFD_BYTES = 8;

/** Which of some open files can be read without waiting; undefined if the kernel does not tell. */
export function readable(fds: readonly number[]): readonly number[] | undefined {
  const polled = new DataView(new ArrayBuffer(fds.length * POLLFD_BYTES));
  for (const [i, fd] of fds.entries()) {
    polled.setInt32(i * POLLFD_BYTES, fd, true);
    polled.setInt16(i * POLLFD_BYTES + 4, POLLIN, true);
  }
  if (fds.length === 0) return [];
  if (libc().poll(ptr(new Uint8Array(polled.buffer)), fds.length, 0) < 0) return undefined;
  return fds.filter((_, i) => (polled.getInt16(i * POLLFD_BYTES + 6, true) & POLLIN) !== 0);
}

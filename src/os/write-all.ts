import { FILE_CALLS, type FileCalls } from "./file-calls.ts";

/** Writes all bytes: a disk that is nearly full takes a part without an error. Throws the kernel's error. */
export function writeAll(
  fd: number,
  bytes: Uint8Array,
  calls: Pick<FileCalls, "writeSync"> = FILE_CALLS,
): void {
  for (let written = 0; written < bytes.length; ) {
    const taken = calls.writeSync(fd, bytes, written, bytes.length - written);
    if (taken === 0) throw Object.assign(new Error("ENOSPC: nothing was taken"), { code: "ENOSPC" });
    written += taken;
  }
}

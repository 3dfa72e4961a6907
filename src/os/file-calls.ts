import fs from "node:fs";

/** The calls that write files of our own. They are passed in, so that a test can check their order or let one fail. */
export interface FileCalls {
  openSync(path: string, flags: number, mode: number): number;
  /** Returns how many bytes were written. */
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  fchmodSync(fd: number, mode: number): void;
  fsyncSync(fd: number): void;
  closeSync(fd: number): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, options: { readonly recursive: true; readonly mode: number }): unknown;
}

/** The calls of the kernel. */
export const FILE_CALLS: FileCalls = fs;

/** Calls that change nothing, for a dry run. */
export const NO_FILE_CALLS: FileCalls = {
  openSync: () => -1,
  writeSync: (_fd, _bytes, _offset, length) => length,
  fchmodSync() {},
  fsyncSync() {},
  closeSync() {},
  renameSync() {},
  unlinkSync() {},
  mkdirSync() {},
};

import fs from "node:fs";

/** The calls that files of ours are written with: handed in, so that a test can see their order, or refuse one. */
export interface FileCalls {
  openSync(path: string, flags: number, mode: number): number;
  /** Answers how many bytes were taken. */
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  fchmodSync(fd: number, mode: number): void;
  fsyncSync(fd: number): void;
  closeSync(fd: number): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, options: { readonly recursive: true; readonly mode: number }): unknown;
}

/** The kernel's. */
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

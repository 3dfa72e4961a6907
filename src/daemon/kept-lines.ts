import fs from "node:fs";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { FILE_CALLS, type FileCalls } from "../os/file-calls.ts";
import { moveAside } from "../os/move-aside.ts";
import { readOwnFile, sizeOfOwnFile } from "../os/own-file.ts";

const MEGABYTE = 1024 * 1024;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;

/** Where lines are kept. */
export interface KeptLinesOptions {
  readonly directory: string;
  /** Of two files `NAME.jsonl` grows; when it is full, it takes the place of `NAME.old.jsonl`. */
  readonly name: "history" | "usage" | "energy-minutes" | "energy-hours";
  /** The most that both files take. */
  readonly megabytes: number;
  readonly log: Log;
  readonly files?: FileCalls;
}

/**
 * Lines of text in the state directory: the newest, up to a size. A line that was torn by a power cut or a full disk costs
 * itself and no other, because each begins with a line break.
 */
export class KeptLines {
  readonly #paths: readonly [string, string];
  readonly #bytesMax: number;
  readonly #log: Log;
  readonly #files: FileCalls;
  /** Bytes of the first file; undefined until it was looked at. */
  #size: number | undefined;
  #failed = "";

  constructor({ directory, name, megabytes, log, files = FILE_CALLS }: KeptLinesOptions) {
    this.#paths = [join(directory, `${name}.jsonl`), join(directory, `${name}.old.jsonl`)];
    this.#bytesMax = (megabytes * MEGABYTE) / 2;
    this.#log = log;
    this.#files = files;
  }

  /** Adds lines, and returns whether all of them were written. It does not wait for the disk: guests' packets would wait too. */
  append(lines: readonly string[]): boolean {
    const bytes = Buffer.from(lines.map((line) => `\n${line}`).join(""));
    try {
      const size = this.#size ?? this.#look();
      const isFull = size > 0 && size + bytes.length > this.#bytesMax;
      if (isFull) this.#files.renameSync(...this.#paths);
      const written = this.#write(bytes);
      this.#size = (isFull ? 0 : size) + written;
      const isWhole = written === bytes.length;
      this.#tell(isWhole ? "" : "the disk is full");
      return isWhole;
    } catch (error) {
      this.#size = undefined;
      this.#tell(error instanceof Error ? error.message : `${error}`);
      return false;
    }
  }

  /** The texts of both files, the older one first. */
  *texts(): Generator<string> {
    for (const path of this.#paths.toReversed()) {
      const read = readOwnFile(path, this.#bytesMax + MEGABYTE);
      if (read.ok && read.value !== undefined) yield read.value;
    }
  }

  /** The size of the first file. What nobody but us may have written there is moved aside. */
  #look(): number {
    const [path] = this.#paths;
    const size = sizeOfOwnFile(path, this.#bytesMax + MEGABYTE);
    if (size.ok) return size.value ?? 0;
    moveAside(path, { log: this.#log, because: size.why });
    return 0;
  }

  #write(bytes: Uint8Array): number {
    const fd = this.#files.openSync(
      this.#paths[0],
      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
      0o640,
    );
    try {
      return this.#files.writeSync(fd, bytes, 0, bytes.length);
    } finally {
      this.#files.closeSync(fd);
    }
  }

  /** A disk stays full for hours. */
  #tell(why: string): void {
    if (why !== "" && why !== this.#failed)
      this.#log.error(`Cannot add to "${this.#paths[0]}", so what happens now is not remembered: ${why}`);
    this.#failed = why;
  }
}

import { closeSync, openSync, unlinkSync } from "node:fs";
import { systemErrorCode, systemErrorText } from "../base/system-error.ts";
import { writeAll } from "../os/write-all.ts";
import { CommandError, UsageError } from "../terminal/exit-code.ts";

/** A new file of lines. A write that fails throws a `CommandError` with the file's name. */
export class RecordingFile {
  readonly #path: string;
  readonly #fd: number;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, "wx", 0o640);
    } catch (error) {
      if (systemErrorCode(error) === "EEXIST")
        throw new UsageError(`"${path}" exists already: name another file`);
      throw this.#failure(error);
    }
  }

  /** Number of bytes that were written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a whole line. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#bytes += bytes.length;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Removes the file, because part of a recording is of no use. */
  remove(): void {
    unlinkSync(this.#path);
  }

  #failure(error: unknown): CommandError {
    return new CommandError(`Cannot write "${this.#path}": ${systemErrorText(error)}`);
  }
}

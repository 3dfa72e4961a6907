import fs from "node:fs";
import { readRaw } from "./sysfs-file.ts";

/** What a file, a link or an inode said. */
type Said = string | number | undefined;

/** The result of a reading that threw. */
const UNREAD = Symbol("unread");

/**
 * What a look at the host was made from, one reading after the other. As long as all say the same, another look would
 * find the same, so nothing has to be parsed to know that nothing has changed.
 */
export class Readings {
  readonly #made: { again: () => Said; said: Said | typeof UNREAD }[] = [];

  /**
   * Makes a reading and notes what it says. Where there was nothing, {@link areSame} calls `missed` instead. Throws what it
   * throws.
   */
  note<T extends Said>(read: () => T, missed: () => Said = read): T {
    const reading: { again: () => Said; said: Said | typeof UNREAD } = { again: read, said: UNREAD };
    this.#made.push(reading);
    const said = read();
    reading.said = said;
    if (said === undefined) reading.again = missed;
    return said;
  }

  /** The content of a small file, to the byte; undefined if there is none. Throws `LookFailed`. */
  file(path: string, read: (path: string) => string | undefined = readRaw): string | undefined {
    // An error of the file system costs ten times what this question does.
    const missed = () => (fs.existsSync(path) ? read(path) : undefined);
    return this.note(() => read(path), missed);
  }

  /** Whether all say the same again. Throws `LookFailed`. */
  areSame(): boolean {
    return this.#made.every(({ again, said }) => again() === said);
  }
}

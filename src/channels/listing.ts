import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ChannelName, parseChannelName } from "./name.ts";

/** A file that may be the socket of a channel, and whose it would be. */
export interface Found {
  readonly path: string;
  readonly name: ChannelName;
  /** Whether it may be a socket; some filesystems do not report the type of a file. */
  readonly mayBeSocket: boolean;
}

/** Returns the files of a directory that have names of channels; none if it cannot be read. */
export function listChannels(directory: string): Found[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const name = parseChannelName(entry.name);
    if (name === undefined) return [];
    const isOther = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink() || entry.isFIFO();
    return [{ path: join(directory, entry.name), name, mayBeSocket: !isOther }];
  });
}

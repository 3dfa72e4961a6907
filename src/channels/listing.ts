import { type Dirent, readdirSync } from "node:fs";
import { type ChannelName, parseChannelName } from "./name.ts";

/** A file with the name of a channel. */
export interface Found {
  readonly file: string;
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
    return [{ file: entry.name, name, mayBeSocket: !isOther }];
  });
}

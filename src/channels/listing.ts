import { type Dirent, readdirSync } from "node:fs";
import { type ChannelName, parseChannelName } from "./name.ts";

/** A file that is called as a channel is. */
export interface Found {
  readonly file: string;
  readonly name: ChannelName;
  /** Whether it may be a socket; some filesystems do not tell what a file is. */
  readonly mayBeSocket: boolean;
}

/** The files of a directory that are called as channels are; none where it cannot be read. */
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

import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** After the first event; a VM's start makes several, and one look answers all. */
const SETTLE_MS = 2;

/** Tells when a directory's entries may have changed. Only a hint: events get lost when many come at once. */
export interface DirectoryWatch {
  /** The directory that is there now, by inode; undefined when there is none. Watches that one from now on. */
  follow(inode: number | undefined): void;
  close(): void;
}

/** Watches a directory; while it is missing, its parent, so that it is seen to appear. */
export function watchDirectory(path: string, changed: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  let followed: number | undefined;
  let started = false;
  let settling: Timer | undefined;
  const hint = () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      changed();
    }, SETTLE_MS);
  };
  const open = (directory: string, only: string | undefined) => {
    watcher?.close();
    watcher = undefined;
    try {
      watcher = watch(directory, { persistent: true }, (_event, name) => {
        if (only === undefined || name === only) hint();
      });
      watcher.on("error", hint);
    } catch {
      // It is gone again, or there are no watches left: the slow scan finds what changes.
    }
  };
  return {
    follow(inode) {
      if (started && inode === followed) return;
      started = true;
      followed = inode;
      if (inode === undefined) open(dirname(path), basename(path));
      else {
        open(path, undefined);
        // Whatever came between the look and the watch made no event.
        hint();
      }
    },
    close() {
      clearTimeout(settling);
      watcher?.close();
    },
  };
}

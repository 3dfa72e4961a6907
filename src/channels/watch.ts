import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** FIFOs in the directory have nothing to do with channels, and their owners may change them as often as they like. */
const FIFO = /^fifo\d+$/;

/** How long to wait after the first event. The start of a VM makes several events, and one scan handles them all. */
const SETTLE_MS = 2;

/** How long after a watch was opened it certainly works. */
const OPENING_MS = 300;

/**
 * Reports that the entries of a directory may have changed. It is only a hint: events are lost when many come at once.
 */
export interface DirectoryWatch {
  /** Identifies the current directory by its inode and watches it from then on; undefined if there is none. */
  follow(inode: number | undefined): void;
  close(): void;
}

/** Watches a directory. While it does not exist, watches its parent to see it appear. */
export function watchDirectory(path: string, changed: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  let followed: number | undefined;
  let started = false;
  let settling: Timer | undefined;
  let opening: Timer | undefined;
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
        if (only === undefined ? name === null || !FIFO.test(name) : name === only) hint();
      });
      watcher.on("error", hint);
    } catch {
      // It was removed again, or the kernel's limit of watches is reached. The periodic scan finds the changes.
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
        // A change between the scan and the start of the watch made no event.
        clearTimeout(opening);
        opening = setTimeout(changed, OPENING_MS);
      }
    },
    close() {
      clearTimeout(settling);
      clearTimeout(opening);
      watcher?.close();
    },
  };
}

import { constants } from "node:fs";
import { errnoError } from "./errno.ts";
import { contentOf, kindsOf, statsOf, textOf, withLength } from "./node-content.ts";
import type { Program } from "./program.ts";

/** The `f_type` of sysfs, and that of tmpfs. */
const SYSFS = 0x62656572;

const TMPFS = 0x01021994;

const {
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_ACCMODE = 3,
  O_DIRECTORY,
} = constants as Record<string, number> & {
  O_CREAT: number;
  O_EXCL: number;
  O_NOFOLLOW: number;
  O_DIRECTORY: number;
};

/** What a program gets for `node:fs`: the calls that the daemon makes, and no others. */
export function fileSystem(program: Program) {
  const { disk } = program.machine;
  const fileOf = (fd: number, call: string) => {
    const descriptor = program.get(fd, call);
    if (descriptor.kind !== "node") throw errnoError("EINVAL", call);
    return descriptor;
  };
  const looked = (path: string, last: boolean, options?: { throwIfNoEntry?: boolean }) => {
    program.call();
    const node = disk.find(path, last);
    if (node === undefined && options?.throwIfNoEntry === false) return undefined;
    return statsOf(node ?? disk.at(path, "stat", last));
  };

  return {
    constants,
    openSync(path: string, flags: number, mode = 0o666): number {
      program.call();
      if ((flags & O_CREAT) !== 0) program.change();
      let node = disk.find(path, (flags & O_NOFOLLOW) === 0);
      if (node !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0)
        throw errnoError("EEXIST", "open", path);
      if (node === undefined) {
        if ((flags & O_CREAT) === 0) throw errnoError("ENOENT", "open", path);
        disk.check(path, "make");
        const { directory, name } = disk.parent(path, "open");
        node = disk.file(mode & ~program.umask);
        node.uid = program.owner.uid;
        node.gid = program.owner.gid;
        disk.put(directory, name, node);
      }
      if (node.kind === "link") throw errnoError("ELOOP", "open", path);
      if (node.kind === "socket") throw errnoError("ENXIO", "open", path);
      if (node.kind === "directory" && (flags & O_ACCMODE) !== 0) throw errnoError("EISDIR", "open", path);
      if ((flags & O_DIRECTORY) !== 0 && node.kind !== "directory") throw errnoError("ENOTDIR", "open", path);
      return program.open({ kind: "node", node, path, at: 0 });
    },
    closeSync(fd: number): void {
      program.call();
      program.close(fd);
    },
    readSync(fd: number, into: Uint8Array, offset = 0, length = into.length, position: number | null = null) {
      program.call();
      const file = fileOf(fd, "read");
      const content = contentOf(file.node, "read");
      const from = position ?? file.at;
      const size = Math.max(0, Math.min(length, content.length - from));
      if (typeof content === "string") {
        for (let i = 0; i < size; i++) into[offset + i] = content.charCodeAt(from + i);
      } else into.set(content.subarray(from, from + size), offset);
      if (position === null) file.at += size;
      return size;
    },
    writeSync(
      fd: number,
      bytes: Uint8Array,
      offset = 0,
      length = bytes.length,
      position: number | null = null,
    ) {
      program.change();
      const { node, path } = fileOf(fd, "write");
      if (node.kind === "attribute") {
        program.machine.writing = program;
        try {
          node.attribute.write(textOf(bytes, offset, length));
        } finally {
          program.machine.writing = undefined;
        }
      } else if (node.kind === "file") {
        disk.check(path, "write");
        const at = position ?? node.bytes.length;
        node.bytes = withLength(node.bytes, Math.max(node.bytes.length, at + length));
        node.bytes.set(bytes.subarray(offset, offset + length), at);
        node.synced = false;
      } else throw errnoError("EINVAL", "write", path);
      return length;
    },
    ftruncateSync(fd: number, size: number): void {
      program.change();
      const { node } = fileOf(fd, "ftruncate");
      if (node.kind === "file") node.bytes = node.bytes.slice(0, size);
    },
    fsyncSync(fd: number): void {
      program.change();
      const { node, path } = fileOf(fd, "fsync");
      disk.check(path, "write");
      if (node.kind === "file") node.synced = true;
    },
    fstatSync: (fd: number) => {
      program.call();
      return statsOf(fileOf(fd, "fstat").node);
    },
    statSync: (path: string, options?: { throwIfNoEntry?: boolean }) => looked(path, true, options),
    lstatSync: (path: string, options?: { throwIfNoEntry?: boolean }) => looked(path, false, options),
    existsSync(path: string): boolean {
      program.call();
      return disk.find(path) !== undefined;
    },
    accessSync(path: string): void {
      program.call();
      disk.at(path, "access");
      if (disk.faults.size > 0) disk.check(`${path}/`, "remove");
    },
    statfsSync(path: string) {
      program.call();
      disk.at(path, "statfs");
      return { type: path.startsWith("/sys") ? SYSFS : TMPFS };
    },
    realpathSync(path: string): string {
      program.call();
      return disk.realPath(path);
    },
    readlinkSync(path: string): string {
      program.call();
      const node = disk.at(path, "readlink", false);
      if (node.kind !== "link") throw errnoError("EINVAL", "readlink", path);
      return node.to;
    },
    readFileSync(of: string | number): string {
      program.call();
      const node = typeof of === "number" ? fileOf(of, "read").node : disk.at(of, "open");
      const content = contentOf(node, "read");
      return typeof content === "string" ? content : new TextDecoder().decode(content);
    },
    readFile(path: string, _encoding: string, done: (error: Error | null, text: string) => void) {
      program.call();
      let text = "";
      let failed: Error | null = null;
      try {
        const content = contentOf(disk.at(path, "open"), "read");
        text = typeof content === "string" ? content : new TextDecoder().decode(content);
      } catch (error) {
        failed = error as Error;
      }
      program.machine.timeline.soon(() => program.enter(() => done(failed, text)));
    },
    readdirSync(path: string, options?: { withFileTypes?: boolean }) {
      program.call();
      const { entries } = disk.directoryAt(path, "scandir");
      if (options?.withFileTypes !== true) return [...entries.keys()];
      return [...entries].map(([name, node]) => ({ name, ...kindsOf(node) }));
    },
    ...changingCalls(program),
  };
}

/** The calls that change names. */
function changingCalls(program: Program) {
  const { disk } = program.machine;
  const unlink = (path: string) => {
    program.change();
    const node = disk.at(path, "unlink", false);
    if (node.kind === "directory") throw errnoError("EISDIR", "unlink", path);
    disk.check(path, "remove");
    const { directory, name } = disk.parent(path, "unlink");
    disk.remove(directory, name);
  };
  return {
    mkdirSync(path: string, { mode = 0o777 }: { recursive?: boolean; mode?: number } = {}): void {
      program.call();
      const found = disk.find(path);
      if (found?.kind === "directory") return;
      if (found !== undefined) throw errnoError("EEXIST", "mkdir", path);
      program.change();
      disk.check(path, "make");
      disk.mkdir(path, mode & ~program.umask).uid = program.owner.uid;
    },
    renameSync(from: string, to: string): void {
      program.change();
      disk.check(to, "make");
      const node = disk.at(from, "rename", false);
      const source = disk.parent(from, "rename");
      const target = disk.parent(to, "rename");
      if (target.directory.entries.get(target.name)?.kind === "directory" && node.kind !== "directory")
        throw errnoError("EISDIR", "rename", to);
      disk.remove(source.directory, source.name);
      disk.put(target.directory, target.name, node);
    },
    unlinkSync: unlink,
    rmSync(path: string, { force = false } = {}): void {
      program.call();
      if (force && disk.find(path, false) === undefined) return;
      unlink(path);
    },
    chmodSync(path: string, mode: number): void {
      program.change();
      disk.at(path, "chmod").mode = mode;
    },
    fchmodSync(fd: number, mode: number): void {
      program.change();
      const descriptor = program.get(fd, "fchmod");
      if (descriptor.kind === "node") descriptor.node.mode = mode;
    },
    chownSync(path: string, uid: number, gid: number): void {
      program.change();
      const node = disk.at(path, "chown");
      if (uid >= 0) node.uid = uid;
      if (gid >= 0) node.gid = gid;
    },
    watch(path: string, _options: unknown, changed: (event: string, name: string) => void) {
      program.call();
      const directory = disk.directoryAt(path, "watch");
      const { timeline } = program.machine;
      const watcher = (name: string) => {
        timeline.soon(() => program.enter(() => watching && changed("rename", name)));
      };
      let watching = true;
      directory.watchers.add(watcher);
      const close = () => {
        watching = false;
        directory.watchers.delete(watcher);
        program.forget(close);
      };
      program.onEnd(close);
      return { close, on() {} };
    },
  };
}

import { errnoError } from "./errno.ts";
import type { ListeningSocket } from "./sockets.ts";

/** A file that the kernel computes, like those of sysfs. */
export interface Attribute {
  /** Throws an errno error where the kernel refuses. */
  read(): string;
  write(text: string): void;
}

interface Common {
  readonly ino: number;
  uid: number;
  gid: number;
  mode: number;
  ctimeMs: number;
}

export interface Directory extends Common {
  readonly kind: "directory";
  readonly entries: Map<string, Node>;
  readonly watchers: Set<(name: string) => void>;
}

export interface PlainFile extends Common {
  readonly kind: "file";
  bytes: Uint8Array;
  /** How many of the bytes are on the disk, and survive a power cut for sure. */
  synced: boolean;
}

export interface Link extends Common {
  readonly kind: "link";
  readonly to: string;
}

export interface SocketFile extends Common {
  readonly kind: "socket";
  listening: ListeningSocket | undefined;
}

export interface AttributeFile extends Common {
  readonly kind: "attribute";
  readonly attribute: Attribute;
}

/** What a name in a directory leads to. */
export type Node = Directory | PlainFile | Link | SocketFile | AttributeFile;

/** What the disk refuses at present, below a path. */
export type DiskFault = "full" | "read-only" | "broken";

const ERRNO: Readonly<Record<DiskFault, string>> = { full: "ENOSPC", "read-only": "EROFS", broken: "EIO" };

/** Calls that change something. With a full disk only those that need room are refused. */
type Change = "make" | "write" | "remove";

/** All files of the host. */
export class Disk {
  readonly root: Directory;
  /** By path of the mount. */
  readonly faults = new Map<string, DiskFault>();
  /** How often each fault struck. */
  readonly struck = new Map<DiskFault, number>();
  readonly #nowMs: () => number;
  readonly #parts = new Map<string, string[]>();
  /** Where paths lead, until any name is changed; null is nowhere. */
  readonly #found = new Map<string, Node | null>();
  /** Likewise their paths without links. */
  readonly #real = new Map<string, string>();
  #ino = 1;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.root = this.#directory(0o755);
  }

  /** Throws if a change below this path is refused at present. */
  check(path: string, change: Change): void {
    if (this.faults.size === 0) return;
    for (const [mount, fault] of this.faults) {
      if (!path.startsWith(mount) || (fault === "full" && change === "remove")) continue;
      this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
      throw errnoError(ERRNO[fault], change, path);
    }
  }

  /** Follows a path; undefined if it leads nowhere. A link in the last part is followed unless `last` is false. */
  find(path: string, last = true): Node | undefined {
    const key = last ? path : `${path} `;
    const found = this.#found.get(key);
    if (found !== undefined) return found ?? undefined;
    const node = this.#walk(path, last, 0);
    this.#found.set(key, node ?? null);
    return node;
  }

  /** Does what {@link find} does, and throws where it leads nowhere. */
  at(path: string, call: string, last = true): Node {
    const node = this.find(path, last);
    if (node === undefined) throw errnoError("ENOENT", call, path);
    return node;
  }

  directoryAt(path: string, call: string): Directory {
    const node = this.at(path, call);
    if (node.kind !== "directory") throw errnoError("ENOTDIR", call, path);
    return node;
  }

  /** The directory of a path, and the name in it. */
  parent(path: string, call: string): { readonly directory: Directory; readonly name: string } {
    const cut = path.lastIndexOf("/");
    const directory = this.directoryAt(cut <= 0 ? "/" : path.slice(0, cut), call);
    return { directory, name: path.slice(cut + 1) };
  }

  put(directory: Directory, name: string, node: Node): void {
    directory.entries.set(name, node);
    this.#changed(directory, name);
  }

  remove(directory: Directory, name: string): void {
    directory.entries.delete(name);
    this.#changed(directory, name);
  }

  /** A path without links, of which the world has only those of sysfs; throws where it leads nowhere. */
  realPath(path: string): string {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    this.at(path, "realpath");
    let real = "";
    for (const part of normal(path).split("/").filter(Boolean)) {
      const node = this.find(`${real}/${part}`, false);
      real = node?.kind === "link" ? normal(`${real}/${node.to}`) : `${real}/${part}`;
    }
    this.#real.set(path, real === "" ? "/" : real);
    return real === "" ? "/" : real;
  }

  /** Takes all names out of a directory. */
  empty(directory: Directory): void {
    for (const name of [...directory.entries.keys()]) this.remove(directory, name);
  }

  /** Makes a directory and those that it is in. */
  mkdir(path: string, mode = 0o755): Directory {
    let directory = this.root;
    for (const part of path.split("/").filter(Boolean)) {
      const found = directory.entries.get(part);
      if (found === undefined) {
        const made = this.#directory(mode);
        this.put(directory, part, made);
        directory = made;
      } else if (found.kind === "directory") directory = found;
      else throw errnoError(found.kind === "file" ? "EEXIST" : "ENOTDIR", "mkdir", path);
    }
    return directory;
  }

  /** Writes a file as another program would. */
  write(path: string, text: string, { uid = 0, mode = 0o644 } = {}): void {
    const { directory, name } = this.parent(path, "open");
    const file = this.file(mode);
    file.uid = uid;
    file.bytes = new TextEncoder().encode(text);
    file.synced = true;
    this.put(directory, name, file);
  }

  file(mode: number): PlainFile {
    return { ...this.#common(mode), kind: "file", bytes: new Uint8Array(), synced: false };
  }

  socket(mode: number, listening: ListeningSocket): SocketFile {
    return { ...this.#common(mode), kind: "socket", listening };
  }

  link(to: string): Link {
    return { ...this.#common(0o777), kind: "link", to };
  }

  attribute(attribute: Attribute, mode = 0o644): AttributeFile {
    return { ...this.#common(mode), kind: "attribute", attribute };
  }

  #changed(directory: Directory, name: string): void {
    this.#found.clear();
    this.#real.clear();
    directory.ctimeMs = this.#nowMs();
    for (const watcher of directory.watchers) watcher(name);
  }

  #directory(mode: number): Directory {
    return { ...this.#common(mode), kind: "directory", entries: new Map(), watchers: new Set() };
  }

  #common(mode: number): Common {
    return { ino: this.#ino++, uid: 0, gid: 0, mode, ctimeMs: this.#nowMs() };
  }

  #walk(path: string, last: boolean, links: number): Node | undefined {
    if (links > 8) throw errnoError("ELOOP", "open", path);
    let parts = this.#parts.get(path);
    if (parts === undefined) {
      parts = path.split("/").filter(Boolean);
      this.#parts.set(path, parts);
    }
    let node: Node = this.root;
    for (let i = 0; i < parts.length; i++) {
      if (node.kind !== "directory") throw errnoError("ENOTDIR", "open", path);
      const next = node.entries.get(parts[i] as string);
      if (next === undefined) return undefined;
      if (next.kind === "link" && (last || i < parts.length - 1)) {
        const rest = parts.slice(i + 1).join("/");
        const base = next.to.startsWith("/") ? next.to : `/${parts.slice(0, i).join("/")}/${next.to}`;
        return this.#walk(normal(rest === "" ? base : `${base}/${rest}`), last, links + 1);
      }
      node = next;
    }
    return node;
  }
}

/** A path without `.` and `..`. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

import type { Attribute, Node, PlainFile } from "./disk.ts";
import { errnoError } from "./errno.ts";

/** A file that grows has room for more, so that many short writes do not copy it each time. */
export function withLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.buffer.byteLength >= length) return new Uint8Array(bytes.buffer, 0, length);
  const grown = new Uint8Array(2 * length);
  grown.set(bytes);
  return grown.subarray(0, length);
}

export function contentOf(node: Node, call: string): string | Uint8Array {
  if (node.kind === "attribute") return (node.attribute as Attribute).read();
  if (node.kind === "file") return (node as PlainFile).bytes;
  throw errnoError(node.kind === "directory" ? "EISDIR" : "EINVAL", call);
}

export function textOf(bytes: Uint8Array, offset: number, length: number): string {
  let text = "";
  for (let i = offset; i < offset + length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

export function kindsOf({ kind }: Node) {
  return {
    isFile: () => kind === "file" || kind === "attribute",
    isDirectory: () => kind === "directory",
    isSymbolicLink: () => kind === "link",
    isSocket: () => kind === "socket",
    isFIFO: () => false,
  };
}

export function statsOf(node: Node) {
  const { ino, uid, gid, mode, ctimeMs } = node;
  const size = node.kind === "file" ? node.bytes.length : 4096;
  return { dev: 1, ino, uid, gid, mode, size, ctimeMs, mtimeMs: ctimeMs, ...kindsOf(node) };
}

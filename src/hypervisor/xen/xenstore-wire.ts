// The wire protocol of xenstored (docs/misc/xenstore.txt, xen/include/public/io/xs_wire.h): a header of four little-endian
// words (type, request, transaction, length of the payload), then the payload.

/** Types of messages. */
export const XS = {
  directory: 1,
  read: 2,
  getPerms: 3,
  watch: 4,
  watchEvent: 15,
  error: 16,
} as const;

/** Longest payload (`XENSTORE_PAYLOAD_MAX`). */
const PAYLOAD_MAX = 4096;

const HEADER_BYTES = 16;

/** A message of xenstored. */
export interface XsMessage {
  readonly type: number;
  readonly request: number;
  readonly payload: Uint8Array;
}

/** Writes a request: texts, each with a NUL. */
export function encodeRequest(type: number, request: number, texts: readonly string[]): Uint8Array {
  const payload = new TextEncoder().encode(texts.map((text) => `${text}\0`).join(""));
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, type, true);
  header.setUint32(4, request, true);
  header.setUint32(12, payload.length, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Cuts the bytes of xenstored into messages. */
export class XsFramer {
  #rest: Uint8Array = new Uint8Array();

  /** The messages that are complete now; undefined if the bytes are not xenstored's. */
  push(bytes: Uint8Array): XsMessage[] | undefined {
    this.#rest = this.#rest.length === 0 ? bytes.slice() : Buffer.concat([this.#rest, bytes]);
    const messages: XsMessage[] = [];
    for (;;) {
      const { buffer, byteOffset, length } = this.#rest;
      if (length < HEADER_BYTES) return messages;
      const header = new DataView(buffer, byteOffset, HEADER_BYTES);
      const size = header.getUint32(12, true);
      if (size > PAYLOAD_MAX) return undefined;
      if (length < HEADER_BYTES + size) return messages;
      messages.push({
        type: header.getUint32(0, true),
        request: header.getUint32(4, true),
        payload: this.#rest.slice(HEADER_BYTES, HEADER_BYTES + size),
      });
      this.#rest = this.#rest.subarray(HEADER_BYTES + size);
    }
  }
}

/** The texts of a payload: each ends with a NUL, a value that was read does not. */
export function textsOf(payload: Uint8Array): string[] {
  const text = new TextDecoder().decode(payload);
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

/**
 * Whether only dom0 can write a node: it is the owner, and other domains may at most read it. `n0`, `r5` are permissions
 * of dom0 and of domain 5; the first one says whose the node is, and what all others may do.
 */
export function isDom0Own(permissions: readonly string[]): boolean {
  const [owner, ...others] = permissions;
  return (owner === "n0" || owner === "r0") && others.every((each) => /^[nr]\d+$/.test(each));
}

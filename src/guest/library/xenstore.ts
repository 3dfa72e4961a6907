import { openDevice } from "./device.ts";

/** The kernel's device for xenstore. */
const XENBUS_DEVICE = "/dev/xen/xenbus";

/** `XS_READ` of Xen's `xs_wire.h`; an error is 16. */
const READ = 2;
const HEADER_SIZE = 16;
const PAYLOAD_MAX = 4096;

/** xenstored replies within microseconds; the guest must not hang with a host that hangs. */
const ANSWER_MS = 100;

/** Reads a key of xenstore, relative to the guest's own directory; undefined if there is none. */
export function readXenstore(key: string, path: string = XENBUS_DEVICE): string | undefined {
  const opened = openDevice(path);
  if (!opened.ok) return undefined;
  const device = opened.value;
  try {
    // type, request, transaction, length: four u32; then the key with its NUL.
    const name = new TextEncoder().encode(`${key}\0`);
    const request = new Uint8Array(HEADER_SIZE + name.length);
    const header = new DataView(request.buffer);
    header.setUint32(0, READ, true);
    header.setUint32(12, name.length, true);
    request.set(name, HEADER_SIZE);
    if (device.write(request) !== request.length) return undefined;
    const answer = readWhole(device.read);
    if (answer === undefined || new DataView(answer.buffer).getUint32(0, true) !== READ) return undefined;
    return new TextDecoder().decode(answer.subarray(HEADER_SIZE));
  } finally {
    device.close();
  }
}

/** The header has the length of the rest. */
function readWhole(read: (into: Uint8Array) => number | string): Uint8Array | undefined {
  const bytes = new Uint8Array(HEADER_SIZE + PAYLOAD_MAX);
  let size = 0;
  for (const endMs = performance.now() + ANSWER_MS; performance.now() < endMs; ) {
    const got = read(bytes.subarray(size));
    if (typeof got === "number") size += got;
    else if (got !== "EAGAIN") return undefined;
    else Atomics.wait(PAUSE, 0, 0, 1);
    if (size < HEADER_SIZE) continue;
    const whole = HEADER_SIZE + new DataView(bytes.buffer).getUint32(12, true);
    if (whole > bytes.length) return undefined;
    if (size >= whole) return bytes.slice(0, whole);
  }
  return undefined;
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

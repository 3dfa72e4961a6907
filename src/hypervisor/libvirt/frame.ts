/** libvirt's own limit for one message. */
export const FRAME_BYTES_MAX = 33_554_432;

/** Length, program, version, procedure, type, serial, status: seven words before every body. */
const FRAME_HEADER_BYTES = 28;

/** A larger buffer is released when it is empty. */
const KEPT_BYTES = 64 * 1024;

/** One message of libvirt's RPC. */
export interface Frame {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
  /** Valid until the callback that got the frame returns. */
  readonly body: Uint8Array;
}

/** The bytes of one frame. */
export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.body.length);
  const view = new DataView(bytes.buffer);
  const { program, version, procedure, type, serial, status } = frame;
  [bytes.length, program, version, procedure, type, serial, status].forEach((word, i) => {
    view.setUint32(i * 4, word);
  });
  bytes.set(frame.body, FRAME_HEADER_BYTES);
  return bytes;
}

/** Cuts a byte stream into frames, independent of how it was split. */
export class FrameCutter {
  #bytes = new Uint8Array(KEPT_BYTES);
  #start = 0;
  #end = 0;

  /**
   * Adds bytes of the stream and calls `onFrame` with every complete frame until it returns false. Returns what is
   * wrong with the stream; then it cannot be cut any further.
   */
  push(piece: Uint8Array, onFrame: (frame: Frame) => boolean): string | undefined {
    this.#append(piece);
    for (;;) {
      const have = this.#end - this.#start;
      if (have < 4) break;
      const view = new DataView(this.#bytes.buffer, this.#start, have);
      const length = view.getUint32(0);
      if (length < FRAME_HEADER_BYTES || length > FRAME_BYTES_MAX) return `a message of ${length} bytes`;
      if (have < length) break;
      const body = this.#bytes.subarray(this.#start + FRAME_HEADER_BYTES, this.#start + length);
      this.#start += length;
      if (!onFrame({ ...headerOf(view), body })) break;
    }
    if (this.#start === this.#end) this.#reset();
    return undefined;
  }

  /** Memory grows with the bytes that were received, not with the announced length. */
  #append(piece: Uint8Array): void {
    const have = this.#end - this.#start;
    if (this.#end + piece.length > this.#bytes.length) {
      const needed = have + piece.length;
      const room = needed > this.#bytes.length ? needed * 2 : this.#bytes.length;
      const moved = new Uint8Array(room);
      moved.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = moved;
      this.#start = 0;
      this.#end = have;
    }
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  #reset(): void {
    this.#start = 0;
    this.#end = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(KEPT_BYTES);
  }
}

function headerOf(view: DataView): Omit<Frame, "body"> {
  return {
    program: view.getUint32(4),
    version: view.getUint32(8),
    procedure: view.getUint32(12),
    type: view.getUint32(16),
    serial: view.getUint32(20),
    status: view.getUint32(24),
  };
}

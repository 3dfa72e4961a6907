import { failure, type Result, success } from "../base/result.ts";

/** Bytes that may wait for the other side to read. With more the connection is closed. Calls are small and few. */
const QUEUED_BYTES_MAX = 1024 * 1024;

/** Receives the bytes of a connection, and its end. */
export interface StreamSink {
  data(bytes: Uint8Array): void;
  /** The other side closed, or the connection broke. Called once, and never after `close()`. */
  closed(): void;
}

/** An open connection. */
export interface ByteStream {
  /** Sends bytes; false if too many are waiting already. */
  write(bytes: Uint8Array): boolean;
  /** Closes. Bytes that the kernel has not accepted yet are discarded. */
  close(): void;
}

/** Opens a connection to a socket file. A failure is the kernel's error code, for example `ENOENT`. */
export type Connect = (path: string, sink: StreamSink) => Promise<Result<ByteStream>>;

/** Connects to a Unix socket of this machine. */
export async function connectUnix(path: string, sink: StreamSink): Promise<Result<ByteStream>> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let closed = false;

  function flush(socket: Bun.Socket): void {
    while (waiting[0] !== undefined) {
      const taken = socket.write(waiting[0]);
      if (taken < 0) return;
      waitingBytes -= taken;
      if (taken < waiting[0].length) {
        waiting[0] = waiting[0].subarray(taken);
        return;
      }
      waiting.shift();
    }
  }

  function finish(): void {
    if (closed) return;
    closed = true;
    waiting = [];
    sink.closed();
  }

  try {
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_, bytes) => {
          if (!closed) sink.data(bytes);
        },
        drain: flush,
        close: finish,
        error: finish,
      },
    });
    return success({
      write(bytes) {
        if (closed) return true;
        if (waitingBytes + bytes.length > QUEUED_BYTES_MAX) return false;
        waiting.push(bytes);
        waitingBytes += bytes.length;
        if (waiting.length === 1) flush(socket);
        return true;
      },
      close() {
        closed = true;
        waiting = [];
        socket.end();
      },
    });
  } catch (error) {
    return failure(errnoOf(error));
  }
}

function errnoOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : String(error);
}

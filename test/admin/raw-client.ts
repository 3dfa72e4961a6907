import { createConnection, type Socket } from "node:net";

/** A client that sends bytes written by hand. Of varlink it knows only that messages end with a NUL. */
export interface RawClient {
  /** Sends text as it is; the test adds the NULs. */
  send(bytes: string | Uint8Array): void;
  /** The next messages, without their NULs, parsed. */
  replies(count: number): Promise<unknown[]>;
  /** Resolves when the server has closed, with what arrived since the last reply. */
  closed(): Promise<string>;
  /** Closes our half. */
  half(): void;
  /** Stops reading. */
  stopReading(): void;
  readOn(): void;
  leave(): void;
}

/** Connects to a socket. */
export async function rawClient(path: string): Promise<RawClient> {
  let received = "";
  let isClosed = false;
  let wake = () => {};
  const socket: Socket = createConnection({ path, allowHalfOpen: true });
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    received += text;
    wake();
  });
  for (const event of ["end", "close", "error"] as const) {
    socket.on(event, () => {
      isClosed = true;
      wake();
    });
  }
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(
        () => reject(new Error(`Waited in vain; received ${JSON.stringify(received)}`)),
        4_000,
      );
      await promise.finally(() => clearTimeout(timer));
    }
  }

  return {
    send: (bytes) => void socket.write(bytes),
    async replies(count) {
      await until(() => isClosed || received.split("\0").length > count);
      const parts = received.split("\0");
      if (parts.length <= count) throw new Error(`Closed; received ${JSON.stringify(received)}`);
      received = parts.slice(count).join("\0");
      return parts.slice(0, count).map((part) => JSON.parse(part));
    },
    async closed() {
      await until(() => isClosed);
      return received;
    },
    half: () => void socket.end(),
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    leave: () => void socket.destroy(),
  };
}

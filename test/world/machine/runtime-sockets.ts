import { errnoError } from "./errno.ts";
import type { Program } from "./program.ts";
import { type End, ListeningSocket } from "./sockets.ts";

/** What the daemon hands to `Bun.connect()` and `Bun.listen()`. */
interface Handlers {
  readonly binaryType?: string;
  open?(socket: RuntimeSocket): void;
  data?(socket: RuntimeSocket, bytes: Uint8Array): void;
  close?(socket: RuntimeSocket): void;
  end?(socket: RuntimeSocket): void;
  drain?(socket: RuntimeSocket): void;
  error?(socket: RuntimeSocket, error: Error): void;
  connectError?(socket: RuntimeSocket, error: Error): void;
}

interface ConnectOptions {
  readonly unix: string;
  readonly data?: unknown;
  readonly socket: Handlers;
}

interface ListenOptions {
  readonly unix?: string;
  readonly fd?: number;
  readonly socket: Handlers;
}

/** A socket of the runtime, as far as the daemon uses it. */
class RuntimeSocket {
  data: unknown;
  readonly fd: number;
  readonly #end: End;
  readonly #program: Program;
  readonly #handlers: Handlers;
  #isClosed = false;

  constructor(program: Program, end: End, handlers: Handlers, data: unknown) {
    this.#program = program;
    this.#end = end;
    this.#handlers = handlers;
    this.data = data;
    this.fd = program.open({ kind: "end", end });
    const isBuffer = handlers.binaryType !== "uint8array";
    end.handlers = {
      data: (bytes) => {
        program.machine.delivering = end.label;
        program.enter(() =>
          handlers.data?.(this, isBuffer ? Buffer.from(bytes.buffer as ArrayBuffer) : bytes),
        );
        program.machine.delivering = undefined;
      },
      // With half-open connections the end of what is received is one thing, the close another.
      closed: () => {
        if (handlers.end === undefined) this.#closed();
        else program.enter(() => handlers.end?.(this));
      },
      drain: () => program.enter(() => handlers.drain?.(this)),
    };
  }

  write(bytes: Uint8Array): number {
    this.#program.call();
    return this.#end.write(bytes);
  }

  flush(): void {}

  end(): void {
    this.terminate();
  }

  terminate(): void {
    if (this.#isClosed || !this.#program.isAlive) return;
    this.#program.machine.timeline.soon(() => this.#closed());
    this.#end.close();
  }

  pause(): void {
    this.#end.pause();
  }

  resume(): void {
    this.#end.resume();
  }

  #closed(): void {
    if (this.#isClosed || !this.#program.isAlive) return;
    this.#isClosed = true;
    if (this.#program.descriptors.has(this.fd)) this.#program.close(this.fd);
    this.#program.enter(() => this.#handlers.close?.(this));
  }
}

/** `Bun.connect()` of a program. */
export function connect(program: Program, { unix, data, socket }: ConnectOptions): Promise<RuntimeSocket> {
  program.call();
  const { timeline, disk } = program.machine;
  return new Promise((resolve, reject) => {
    const settle = () => {
      const node = disk.find(unix);
      const code = node === undefined ? "ENOENT" : "ECONNREFUSED";
      const end = node?.kind === "socket" ? node.listening?.connect(program.owner) : undefined;
      if (end === undefined) {
        const error = errnoError(code, "connect", unix);
        const failed = Object.create(RuntimeSocket.prototype, { data: { value: data } }) as RuntimeSocket;
        socket.connectError?.(failed, error);
        reject(error);
        return;
      }
      const made = new RuntimeSocket(program, end, socket, data);
      socket.open?.(made);
      resolve(made);
    };
    timeline.soon(() => program.enter(settle));
  });
}

/** `Bun.listen()` of a program, on a path or on a descriptor. */
export function listen(program: Program, { unix, fd, socket }: ListenOptions) {
  program.call();
  const { timeline, disk } = program.machine;
  let own: number;
  if (unix !== undefined) {
    program.change();
    disk.check(unix, "make");
    const { directory, name } = disk.parent(unix, "bind");
    if (directory.entries.has(name)) throw errnoError("EADDRINUSE", "listen", unix);
    const listening = new ListeningSocket(timeline, program.owner);
    disk.put(directory, name, disk.socket(0o777 & ~program.umask, listening));
    own = program.open({ kind: "listening", socket: listening, isAccepting: true });
  } else own = fd ?? -1;
  const descriptor = program.get(own, "listen");
  if (descriptor.kind !== "listening") throw errnoError("ENOTSOCK", "listen");
  const listening = descriptor.socket;
  let isStopped = false;
  listening.accept = (end) =>
    program.enter(() => {
      const made = new RuntimeSocket(program, end, socket, undefined);
      socket.open?.(made);
    });
  timeline.soon(() => listening.acceptAll());
  return {
    fd: own,
    stop() {
      if (isStopped || !program.isAlive) return;
      isStopped = true;
      listening.accept = undefined;
      program.close(own);
    },
  };
}

import { failure, type Result, success } from "../../base/result.ts";
import type { ByteStream, Connect } from "../stream.ts";
import { encodeRequest, isDom0Own, textsOf, XS, XsFramer, type XsMessage } from "./xenstore-wire.ts";

/** Requests that may wait for answers. With more the connection is closed: xenstored hangs. */
const PENDING_MAX = 65_536;

/** What a connection needs. */
export interface XenstoreOptions {
  readonly connect: Connect;
  /** xenstored's socket. */
  readonly socket: string;
  /** Longest time in ms until the oldest request is answered. */
  readonly timeoutMs: number;
  /** A watched path changed, or something below it; it is a hint. */
  onEvent(path: string): void;
  /** The connection ended, with the reason. Called once, and not after `close()`. */
  onLost(reason: string): void;
}

interface Pending {
  readonly type: number;
  readonly answer: (answer: Result<string[]>) => void;
}

/** Connects to xenstored. A failure is the kernel's error code. */
export async function openXenstore(options: XenstoreOptions): Promise<Result<Xenstore>> {
  let xenstore: Xenstore | undefined;
  let ended = false;
  const stream = await options.connect(options.socket, {
    data: (bytes) => xenstore?.received(bytes),
    closed() {
      ended = true;
      xenstore?.end("xenstored closed the connection");
    },
  });
  if (!stream.ok) return stream;
  xenstore = new Xenstore(stream.value, options);
  return ended ? failure("ECONNRESET") : success(xenstore);
}

/** One connection to xenstored. It only reads and watches. */
export class Xenstore {
  readonly #stream: ByteStream;
  readonly #options: XenstoreOptions;
  readonly #framer = new XsFramer();
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #ended = false;
  #timer: Timer | undefined;

  constructor(stream: ByteStream, options: XenstoreOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** Whether the connection has ended: then nothing is known about any path. */
  get isClosed(): boolean {
    return this.#ended;
  }

  /** Reports changes of a path and everything below it from now on, and once at once. */
  watch(path: string): Promise<Result<string[]>> {
    return this.#ask(XS.watch, [path, "vm-power"]);
  }

  /** Names below a path; none if there is no such path. */
  async directory(path: string): Promise<readonly string[]> {
    const names = await this.#ask(XS.directory, [path]);
    return names.ok ? names.value.filter((name) => name !== "") : [];
  }

  /** A value that only dom0 can have written; undefined if there is none. */
  async trusted(path: string): Promise<string | undefined> {
    const [value, permissions] = await Promise.all([
      this.#ask(XS.read, [path]),
      this.#ask(XS.getPerms, [path]),
    ]);
    if (!value.ok || !permissions.ok || !isDom0Own(permissions.value)) return undefined;
    const [text = "", ...more] = value.value;
    return more.length === 0 ? text : undefined;
  }

  /** Asks. A failure is xenstored's error, or the reason for the connection's end. */
  #ask(type: number, texts: readonly string[]): Promise<Result<string[]>> {
    const { promise, resolve } = Promise.withResolvers<Result<string[]>>();
    if (this.#ended) return Promise.resolve(failure("closed"));
    this.#last = (this.#last + 1) >>> 0;
    this.#pending.set(this.#last, { type, answer: resolve });
    if (this.#pending.size === 1) this.#watchdog();
    const isSent = this.#stream.write(encodeRequest(type, this.#last, texts));
    if (!isSent || this.#pending.size > PENDING_MAX) this.end("xenstored does not read its requests");
    return promise;
  }

  /** Handles bytes of xenstored. */
  received(bytes: Uint8Array): void {
    const messages = this.#framer.push(bytes);
    if (messages === undefined) return this.end("xenstored sent a message that is too long");
    for (const message of messages) this.#handle(message);
  }

  #handle({ type, request, payload }: XsMessage): void {
    const texts = textsOf(payload);
    if (type === XS.watchEvent) return this.#options.onEvent(texts[0] ?? "");
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    this.#watchdog();
    if (type === XS.error) pending.answer(failure(texts[0] ?? ""));
    else if (type !== pending.type) pending.answer(failure("an answer of another type"));
    else pending.answer(success(texts));
  }

  /** Answers come in order, so one timer is enough. */
  #watchdog(): void {
    clearTimeout(this.#timer);
    if (this.#pending.size === 0) return;
    this.#timer = setTimeout(() => this.end("xenstored does not answer"), this.#options.timeoutMs);
  }

  /** Ends the connection because of a fault. */
  end(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onLost(reason);
  }

  close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#stream.close();
    for (const { answer } of this.#pending.values()) answer(failure("closed"));
    this.#pending.clear();
  }
}

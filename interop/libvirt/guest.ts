/** Longest wait for one answer; the guest itself gives up on a channel after 5 s. */
const ANSWER_MS = 10_000;

/** Longest wait for a guest that boots. */
const BOOT_MS = 40_000;

/** Sends orders to a guest, over its first serial port; see `init`. */
export class Guest {
  readonly #path: string;
  readonly #answers = new Map<number, (answer: string) => void>();
  #socket: Bun.Socket | undefined;
  #orders = 0;
  #text = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** Waits until the guest accepts orders, also after every start of its domain. */
  async booted(): Promise<void> {
    const end = performance.now() + BOOT_MS;
    while (performance.now() < end) {
      if (this.#socket === undefined) await this.#connect();
      if ((await this.#order("hello", 300)) === "hello") return;
    }
    throw new Error(`The guest does not boot:\n${this.#text}`);
  }

  /** Sends a packet. */
  async send(channel: number, packet: string): Promise<void> {
    const answer = await this.#order(`send ${channel} ${packet}`, ANSWER_MS);
    if (answer !== "sent") throw new Error(`The guest says "${answer}" to send ${channel} ${packet}`);
  }

  /** Sends a packet, and returns size and first 16 bytes of the reply, as `464 0011…`. */
  async ask(channel: number, packet: string): Promise<string> {
    const answer = await this.#order(`ask ${channel} ${packet}`, ANSWER_MS);
    if (answer === undefined) throw new Error(`The guest says nothing to ask ${channel} ${packet}`);
    return answer;
  }

  /** Powers off, as a user of the guest does. */
  off(): void {
    this.#socket?.write(`${++this.#orders} off\n`);
  }

  close(): void {
    this.#socket?.end();
  }

  /** Opens a channel that was attached while the guest runs. */
  async plug(channel: number): Promise<void> {
    const answer = await this.#order(`plug ${channel}`, 15_000);
    if (answer !== "open") throw new Error(`The guest does not find channel ${channel}: ${answer}`);
  }

  async #order(order: string, withinMs: number): Promise<string | undefined> {
    const number = ++this.#orders;
    const answer = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(() => answer.resolve(undefined), withinMs);
    this.#answers.set(number, answer.resolve);
    this.#socket?.write(`${number} ${order}\n`);
    const text = await answer.promise;
    clearTimeout(timer);
    this.#answers.delete(number);
    return text;
  }

  async #connect(): Promise<void> {
    this.#text = "";
    try {
      this.#socket = await Bun.connect({
        unix: this.#path,
        socket: {
          data: (_, bytes) => this.#received(bytes.toString("latin1")),
          close: () => {
            this.#socket = undefined;
          },
        },
      });
    } catch {
      // The domain is not started yet.
      await Bun.sleep(100);
    }
  }

  #received(text: string): void {
    const lines = (this.#text + text).split(/\r?\n/);
    this.#text = lines.pop() ?? "";
    for (const line of lines) {
      const [, number, answer] = /^(\d+) = (.*)$/.exec(line) ?? [];
      this.#answers.get(Number(number))?.(answer ?? "");
    }
  }
}

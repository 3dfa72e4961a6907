import { backoffMs } from "../../base/backoff.ts";
import type { Errno } from "../../os/errno.ts";
import { echoes, type Reply } from "../../wire/decode-reply.ts";
import { encode } from "../../wire/encode.ts";
import type { Request } from "../../wire/packet.ts";
import type { Device } from "./device.ts";
import { Inbox, type Received } from "./inbox.ts";
import { type Failure, failure, granted, type Outcome } from "./outcome.ts";

/** How long a channel waits. */
export interface ChannelTimes {
  /** For a host that is not there: it may only be starting again. */
  readonly hostMs: number;
  /** For the answer to a request. DPDK's own guest waits for 10 ms, and often too short. */
  readonly answerMs: number;
}

/** Size of a guest's packets since DPDK 18.11, on 64-bit machines. */
const ABI = 464;
const CONNECT = encode({ kind: "connect" }, ABI);

/** Between tries to reach a host that is absent. */
const ABSENT_BACKOFF = { firstMs: 5, maxMs: 100 };

/** An answer comes within some 100 us, so the first looks are close together. */
const lookMs = (looks: number) => (looks < 20 ? 1 : 5);

/** Rounds of reading answers that nobody waits for any more; each asks the host for what it still holds back. */
const DRAIN_ROUNDS_MAX = 50;

/** The kernel hands out what is left of one buffer of 4 KiB. */
const READ_SIZE = 4096;

/** One channel to the host, of which one process at a time has the guest's end: one request after the other. */
export class Channel {
  readonly #open: () => Device | Failure;
  readonly #name: string;
  readonly #times: ChannelTimes;
  readonly #inbox = new Inbox();
  readonly #buffer = new Uint8Array(READ_SIZE);
  #device: Device | undefined;
  /** Whether the host that is there now has had our CONNECT. */
  #greeted = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, open: () => Device | Failure, times: ChannelTimes) {
    this.#name = name;
    this.#open = open;
    this.#times = times;
  }

  /** Takes the port and says so to the host. Without a host the port is given back. */
  connect(): Promise<Outcome> {
    return this.#inTurn(async () => {
      const problem = this.#take() ?? (await this.#write(undefined));
      if (problem === undefined) return granted();
      this.#close();
      return problem;
    });
  }

  /** Sends a request and awaits the answer to it. */
  ask(request: Request): Promise<Outcome<Reply>> {
    return this.#inTurn(async () => {
      const packet = encode(request, ABI);
      const problem = this.#take() ?? (await this.#drain()) ?? (await this.#write(packet));
      return problem ?? (await this.#answer(packet, request));
    });
  }

  /** Sends what no host answers. */
  tell(request: Request): Promise<Outcome> {
    return this.#inTurn(async () => {
      const problem = this.#take() ?? (await this.#write(encode(request, ABI)));
      return problem ?? failure("unanswered", "No host answers this");
    });
  }

  /** Gives the port back, after what was asked before. There is no goodbye: what was granted stays. */
  close(): Promise<void> {
    return this.#inTurn(async () => this.#close());
  }

  #close(): void {
    this.#device?.close();
    this.#device = undefined;
    this.#greeted = false;
    this.#inbox.clear();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #take(): Failure | undefined {
    if (this.#device !== undefined) return undefined;
    const opened = this.#open();
    if ("reason" in opened) return opened;
    this.#device = opened;
    return undefined;
  }

  /** Reads away answers to requests that were given up, so that none is taken for the next one's. */
  async #drain(): Promise<Failure | undefined> {
    for (let round = 0; round < DRAIN_ROUNDS_MAX; round++) {
      const before = this.#read();
      this.#inbox.clear();
      if (before === "gone") return undefined;
      if (typeof before !== "number") return before;
      if (before === 0) return undefined;
      await sleep(1);
    }
    return undefined;
  }

  /** Writes a packet, or only the CONNECT before it; waits a while for a host that is not there. */
  async #write(packet: Uint8Array | undefined): Promise<Failure | undefined> {
    const endMs = performance.now() + this.#times.hostMs;
    for (let attempt = 1; ; attempt++) {
      const errno = await this.#offer(packet, endMs);
      if (errno === undefined) return undefined;
      // A host that comes back is a new one.
      this.#greeted = false;
      if (errno !== "EAGAIN") return this.#lost(errno);
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return this.#absent();
      await sleep(Math.min(leftMs, backoffMs(ABSENT_BACKOFF, attempt)));
    }
  }

  async #offer(packet: Uint8Array | undefined, endMs: number): Promise<Errno | undefined> {
    if (!this.#greeted) {
      const errno = await this.#put(CONNECT, endMs);
      if (errno !== undefined) return errno;
      this.#greeted = true;
    }
    return packet === undefined ? undefined : this.#put(packet, endMs);
  }

  /** A virtio port takes a packet whole or not at all; a console takes what it has room for. */
  async #put(bytes: Uint8Array, endMs: number): Promise<Errno | undefined> {
    let at = 0;
    while (at < bytes.length) {
      const taken = this.#device?.write(bytes.subarray(at)) ?? "EBADF";
      if (typeof taken === "number") at += taken;
      else if (taken !== "EAGAIN" || at === 0) return taken;
      if (at < bytes.length) {
        if (performance.now() > endMs) return at === 0 ? "EAGAIN" : "ETIMEDOUT";
        await sleep(1);
      }
    }
    return undefined;
  }

  async #answer(packet: Uint8Array, request: Request): Promise<Outcome<Reply>> {
    const endMs = performance.now() + this.#times.answerMs;
    for (let looks = 0; ; looks++) {
      const got = this.#read();
      for (let each = this.#inbox.next(); each !== undefined; each = this.#inbox.next())
        if (answers(packet, request, each)) return granted(each.reply);
      if (got === "gone") {
        this.#greeted = false;
        return failure("host-absent", `The host went away from ${this.#name} before it answered: ask again`);
      }
      if (typeof got !== "number") return got;
      if (performance.now() > endMs) return this.#silent();
      await sleep(lookMs(looks));
    }
  }

  /** Reads all there is; answers how many bytes, or that the host is gone. */
  #read(): number | "gone" | Failure {
    let total = 0;
    for (;;) {
      const got = this.#device?.read(this.#buffer) ?? "EBADF";
      if (got === "EAGAIN") return total;
      if (got === 0) return total > 0 ? total : "gone";
      if (typeof got !== "number") return this.#lost(got);
      total += got;
      this.#inbox.push(this.#buffer.subarray(0, got));
      if (total >= READ_SIZE * READS_MAX) return total;
    }
  }

  #lost(errno: Errno): Failure {
    this.#close();
    return failure("no-port", `Lost ${this.#name} (${errno}): it was unplugged, or the VM has changed`);
  }

  #absent(): Failure {
    const remedy =
      "on the host, systemctl start vm-power, and vmpowerctl show-vm tells whether it serves this VM";
    return failure("host-absent", `Nobody is at the host's end of ${this.#name}: ${remedy}`);
  }

  #silent(): Failure {
    const { answerMs } = this.#times;
    return failure(
      "unanswered",
      `The host took the request on ${this.#name}, but said nothing within ${answerMs} ms`,
    );
  }
}

/** Reads of one look, so that a host that floods cannot hold us. */
const READS_MAX = 64;

/** Lists tell nothing of whom they answer; all else is the request again. */
function answers(packet: Uint8Array, request: Request, { frame, reply }: Received): boolean {
  if (request.kind !== "query") return reply.kind === "answer" && echoes(packet, frame);
  return reply.kind === (request.what === "frequency" ? "frequency-list" : "capability-list");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { backoffMs } from "../../base/backoff.ts";
import type { Errno } from "../../os/errno.ts";
import { echoes, type Reply } from "../../wire/decode-reply.ts";
import { encode } from "../../wire/encode.ts";
import type { Request } from "../../wire/packet.ts";
import type { Device } from "./device.ts";
import { Inbox, type Received } from "./inbox.ts";
import { type Failure, failure, granted, type Outcome } from "./outcome.ts";

/** Timeouts of a channel, in ms. */
export interface ChannelTimes {
  /** For a host that is absent; it may be starting again. */
  readonly hostMs: number;
  /** For the reply to a request. DPDK's own guest waits 10 ms, which is often too short. */
  readonly answerMs: number;
}

/** Size of a guest's packets since DPDK 18.11, on 64-bit machines. */
const ABI = 464;
const CONNECT = encode({ kind: "connect" }, ABI);

/** Wait between attempts to reach an absent host, in ms. */
const ABSENT_BACKOFF = { firstMs: 5, maxMs: 100 };

/** A reply usually comes within 100 us, so the first reads follow each other closely. */
const lookMs = (looks: number) => (looks < 20 ? 1 : 5);

/** How often old replies are read before a request; the host may send more after each round. */
const DRAIN_ROUNDS_MAX = 50;

/** Bytes of one read: the kernel returns the rest of one 4 KiB buffer. */
const READ_SIZE = 4096;

/** One channel to the host. Only one process can have the guest's end. Requests are sent one after the other. */
export class Channel {
  readonly #open: () => Device | Failure;
  readonly #name: string;
  readonly #times: ChannelTimes;
  readonly #inbox = new Inbox();
  readonly #buffer = new Uint8Array(READ_SIZE);
  #device: Device | undefined;
  /** Whether the current host has received our CONNECT. */
  #greeted = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, open: () => Device | Failure, times: ChannelTimes) {
    this.#name = name;
    this.#open = open;
    this.#times = times;
  }

  /** Opens the port and sends CONNECT. Without a host the port is closed again. */
  connect(): Promise<Outcome> {
    return this.#inTurn(async () => {
      const problem = this.#take() ?? (await this.#write(undefined));
      if (problem === undefined) return granted();
      this.#close();
      return problem;
    });
  }

  /** Sends a request and resolves with its reply. */
  ask(request: Request): Promise<Outcome<Reply>> {
    return this.#inTurn(async () => {
      const packet = encode(request, ABI);
      const problem = this.#take() ?? (await this.#drain()) ?? (await this.#write(packet));
      return problem ?? (await this.#answer(packet, request));
    });
  }

  /** Sends a packet that no host replies to. */
  sendOnly(request: Request): Promise<Outcome> {
    return this.#inTurn(async () => {
      const problem = this.#take() ?? (await this.#write(encode(request, ABI)));
      return problem ?? failure("unanswered", "Hosts do not reply to this request");
    });
  }

  /** Closes the port after earlier requests. The protocol has no goodbye: the speed stays as it was granted. */
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

  /** Reads replies to requests that timed out, so that none is taken for the next reply. */
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

  /** Writes a packet, or only the CONNECT before it. Waits a while for an absent host. */
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

  /** A virtio port takes a packet whole or not at all; a console may take a part. */
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
        return failure(
          "host-absent",
          `The host disconnected from ${this.#name} before it replied: try again`,
        );
      }
      if (typeof got !== "number") return got;
      if (performance.now() > endMs) return this.#silent();
      await sleep(lookMs(looks));
    }
  }

  /** Reads all available bytes. Returns their number, or that the host is gone. */
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
    return failure("host-absent", `No program is connected to the host's end of ${this.#name}: ${remedy}`);
  }

  #silent(): Failure {
    const { answerMs } = this.#times;
    return failure(
      "unanswered",
      `The host received the request on ${this.#name}, but did not reply within ${answerMs} ms`,
    );
  }
}

/** The most reads at a time, so that a host that sends without end cannot block us. */
const READS_MAX = 64;

/** Lists and energy do not say which query they answer; other replies repeat their request. */
function answers(packet: Uint8Array, request: Request, { frame, reply }: Received): boolean {
  if (request.kind === "energy" && reply.kind === "energy") return true;
  if (request.kind !== "query") return reply.kind === "answer" && echoes(packet, frame);
  return reply.kind === (request.what === "frequency" ? "frequency-list" : "capability-list");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

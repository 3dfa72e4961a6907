import { rmSync } from "node:fs";
import { errorBody, i32, listBody, message, refBytes, text, u32 } from "./fake-bytes.ts";
import { type FakeDomain, paddedEnd, pinsBody, textAt, uuidIn, xmlOf } from "./fake-domains.ts";

/** A device that a client attached. */
interface Attached {
  readonly domain: string;
  readonly device: string;
  readonly flags: number;
}

/** What the fake does with one call instead of a correct reply. */
export type Misbehaviour =
  | { readonly kind: "silence" }
  | { readonly kind: "refuse"; readonly code: number; readonly message: string }
  /** Any bytes instead of a message. */
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  /** A reply with the right header and any body. */
  | { readonly kind: "body"; readonly status: number; readonly bytes: Uint8Array }
  | { readonly kind: "cut" };

interface Client {
  readonly socket: Bun.Socket;
  received: Uint8Array;
  inFlight: number;
}

/** A fake libvirtd that sends bytes over its own socket, and misbehaves on demand. */
export class FakeLibvirtd {
  readonly domains = new Map<string, FakeDomain>();
  readonly attached: Attached[] = [];
  /** Procedures of the calls, in order. */
  readonly calls: number[] = [];
  /** By procedure; a call about a domain can also be selected by the UUID in its arguments. */
  readonly misbehave = new Map<number, (args: Uint8Array) => Misbehaviour | undefined>();
  authTypes = [0];
  /** The most calls of one client that were open at the same time. */
  inFlightSeen = 0;
  connections = 0;
  /** The delay of every reply. */
  delayMs = 0;
  /** Splits written bytes into pieces of this size. */
  pieceBytes = Number.POSITIVE_INFINITY;
  readonly path: string;
  #thawed: Promise<void> | undefined;
  #thaw = (): void => {};
  readonly #clients = new Set<Client>();
  #listener: Bun.UnixSocketListener<undefined> | undefined;

  constructor(path: string) {
    this.path = path;
    this.listen();
  }

  listen(): void {
    const clients = new Map<Bun.Socket, Client>();
    this.#listener = Bun.listen({
      unix: this.path,
      socket: {
        open: (socket) => {
          this.connections++;
          const client = { socket, received: new Uint8Array(), inFlight: 0 };
          clients.set(socket, client);
          this.#clients.add(client);
        },
        data: (socket, bytes) => {
          const client = clients.get(socket);
          if (client !== undefined) this.#received(client, bytes);
        },
        close: (socket) => {
          const client = clients.get(socket);
          if (client !== undefined) this.#clients.delete(client);
        },
      },
    });
  }

  /** A running domain with one vCPU per pin list. */
  add(name: string, pins: number[][], options: Partial<FakeDomain> = {}): FakeDomain {
    const uuid = Bun.hash(name).toString(16).padStart(16, "0").repeat(2);
    const domain = { name, uuid, id: this.domains.size + 1, state: 1, reason: 1, pins, ...options };
    this.domains.set(domain.uuid, domain);
    return domain;
  }

  /** Sends a lifecycle event (procedure 318) to every client. */
  lifecycle(domain: FakeDomain, event: number, detail: number): void {
    this.event(318, refBytes(domain), i32(event), i32(detail));
  }

  /** Sends any event to every client: the number of the registration, then the rest. */
  event(procedure: number, ...body: Uint8Array[]): void {
    this.send(message(0x20008086, procedure, 2, 1, 0, u32(0), ...body));
  }

  /** Sends raw bytes to every client. */
  send(bytes: Uint8Array): void {
    for (const { socket } of this.#clients) this.#write(socket, bytes);
  }

  /** Accepts calls, but sends no replies until it continues. */
  freeze(): void {
    const thawed = Promise.withResolvers<void>();
    this.#thawed = thawed.promise;
    this.#thaw = thawed.resolve;
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  /** Closes every connection. */
  hangUp(): void {
    for (const { socket } of this.#clients) socket.end();
  }

  /** Stops like a daemon: connections end, and the socket file is removed. */
  stop(): void {
    this.hangUp();
    this.#listener?.stop(true);
    rmSync(this.path, { force: true });
  }

  #received(client: Client, bytes: Uint8Array): void {
    client.received = new Uint8Array(Buffer.concat([client.received, bytes]));
    for (;;) {
      const have = client.received;
      if (have.length < 4) return;
      const view = new DataView(have.buffer, have.byteOffset, have.byteLength);
      const length = view.getUint32(0);
      if (have.length < length) return;
      client.received = have.subarray(length);
      const frame = have.slice(0, length);
      if (view.getUint32(4) !== 0x20008086) void this.#ping(client);
      else void this.#call(client, view.getUint32(12), view.getUint32(20), frame.subarray(28));
    }
  }

  async #ping(client: Client): Promise<void> {
    await this.#thawed;
    this.#write(client.socket, message(0x6b656570, 2, 2, 0, 0));
  }

  async #call(client: Client, procedure: number, serial: number, args: Uint8Array): Promise<void> {
    this.calls.push(procedure);
    this.inFlightSeen = Math.max(this.inFlightSeen, ++client.inFlight);
    const wrong = this.misbehave.get(procedure)?.(args);
    if (wrong?.kind === "silence") return;
    if (this.delayMs > 0) await Bun.sleep(this.delayMs);
    await this.#thawed;
    client.inFlight--;
    if (wrong?.kind === "cut") return void client.socket.end();
    if (wrong?.kind === "raw") return this.#write(client.socket, wrong.bytes);
    const [status, body] = this.#statusAndBody(procedure, args, wrong);
    this.#write(client.socket, message(0x20008086, procedure, 1, serial, status, body));
  }

  #statusAndBody(procedure: number, args: Uint8Array, wrong: Misbehaviour | undefined): [number, Uint8Array] {
    if (wrong?.kind === "body") return [wrong.status, wrong.bytes];
    if (wrong?.kind === "refuse") return [1, errorBody(wrong.code, wrong.message)];
    // As a libvirt does that is older than the statistics of domains.
    if (procedure === 344) return [1, errorBody(39, "unknown procedure: 344")];
    const body = this.#answer(procedure, args);
    return body === undefined
      ? [1, errorBody(42, "Domain not found: no domain with matching uuid")]
      : [0, body];
  }

  /** Undefined if there is no such domain. */
  #answer(procedure: number, args: Uint8Array): Uint8Array | undefined {
    if (procedure === 66)
      return new Uint8Array(Buffer.concat([u32(this.authTypes.length), ...this.authTypes.map(u32)]));
    if (procedure === 70) return u32(1);
    if (procedure === 273) return listBody([...this.domains.values()].filter(({ state }) => state !== 5));
    if (procedure === 316) return u32(0);
    if (procedure === 23) return this.#find(args);
    if (procedure === 151) return i32(1);
    if (procedure === 160) return this.#attach(args);
    if (procedure !== 212 && procedure !== 14 && procedure !== 230) return new Uint8Array();
    const domain = this.domains.get(uuidIn(args));
    if (domain === undefined) return undefined;
    if (procedure === 212) return new Uint8Array(Buffer.concat([i32(domain.state), i32(domain.reason)]));
    if (procedure === 14) {
      const isInactive = (args.at(-1) ?? 0) === 2;
      return text((isInactive ? domain.definition : undefined) ?? domain.xml ?? xmlOf(domain));
    }
    return pinsBody(domain.pins);
  }

  #find(args: Uint8Array): Uint8Array | undefined {
    const name = textAt(args, 0);
    const domain = [...this.domains.values()].find((each) => each.name === name);
    return domain && refBytes(domain);
  }

  /** Name, UUID and id, the device, and flags. The running domain then has it, at a path of libvirt's choice. */
  #attach(args: Uint8Array): Uint8Array | undefined {
    const domain = this.domains.get(uuidIn(args));
    if (domain === undefined) return undefined;
    const device = textAt(args, paddedEnd(args) + 20);
    this.attached.push({ domain: domain.name, device, flags: args.at(-1) ?? 0 });
    const path = `/run/libvirt/${domain.name}/${this.attached.length}`;
    const placed = device.replace("<target", `<source mode='bind' path='${path}'/><target`);
    domain.xml = (domain.xml ?? xmlOf(domain)).replace("</devices>", `${placed}</devices>`);
    return new Uint8Array();
  }

  #write(socket: Bun.Socket, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.pieceBytes) {
      const piece = bytes.subarray(at, at + this.pieceBytes);
      const taken = socket.write(piece);
      // A test that writes more than the kernel's buffer holds would lose bytes silently; -1 means a disconnected
      // client.
      if (taken >= 0 && taken < piece.length) throw new Error("The fake libvirtd lost bytes");
      socket.flush();
    }
  }
}

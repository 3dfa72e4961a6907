import { rmSync } from "node:fs";
import { CPU_MAP_BYTES, errorBody, i32, listBody, message, refBytes, text, u32 } from "./fake-bytes.ts";

/** A domain as the fake tells of it; tests change it as they like. */
export interface FakeDomain {
  name: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  id: number;
  state: number;
  reason: number;
  pins: number[][];
  xml?: string;
}

/** What the fake does with one call instead of answering it well. */
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

/** A libvirtd that speaks bytes over a socket of its own, and misbehaves on demand. */
export class FakeLibvirtd {
  readonly domains = new Map<string, FakeDomain>();
  /** Procedures that were called, in order. */
  readonly calls: number[] = [];
  /** By procedure; a domain call may be told apart by the UUID in its arguments. */
  readonly misbehave = new Map<number, (args: Uint8Array) => Misbehaviour | undefined>();
  authTypes = [0];
  /** Most calls that one client had open at a time. */
  inFlightSeen = 0;
  connections = 0;
  /** How long every answer takes. */
  delayMs = 0;
  /** Cuts what is written into pieces of so many bytes. */
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

  /** A domain that runs, with one vCPU per pin list. */
  add(name: string, pins: number[][], options: Partial<FakeDomain> = {}): FakeDomain {
    const uuid = Bun.hash(name).toString(16).padStart(16, "0").repeat(2);
    const domain = { name, uuid, id: this.domains.size + 1, state: 1, reason: 1, pins, ...options };
    this.domains.set(domain.uuid, domain);
    return domain;
  }

  /** Tells every client of a lifecycle event (procedure 318). */
  lifecycle(domain: FakeDomain, event: number, detail: number): void {
    this.event(318, refBytes(domain), i32(event), i32(detail));
  }

  /** Tells every client of any event: the number of the registration, then the rest. */
  event(procedure: number, ...body: Uint8Array[]): void {
    this.send(message(0x20008086, procedure, 2, 1, 0, u32(0), ...body));
  }

  /** Sends raw bytes to every client. */
  send(bytes: Uint8Array): void {
    for (const { socket } of this.#clients) this.#write(socket, bytes);
  }

  /** Takes calls, but answers none until it thaws. */
  freeze(): void {
    const thawed = Promise.withResolvers<void>();
    this.#thawed = thawed.promise;
    this.#thaw = thawed.resolve;
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  /** Ends every connection. */
  hangUp(): void {
    for (const { socket } of this.#clients) socket.end();
  }

  /** Goes away, as a daemon that stops: connections end, and the socket file with them. */
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
    const body = this.#answer(procedure, args);
    return body === undefined
      ? [1, errorBody(42, "Domain not found: no domain with matching uuid")]
      : [0, body];
  }

  /** Undefined: there is no such domain. */
  #answer(procedure: number, args: Uint8Array): Uint8Array | undefined {
    if (procedure === 66)
      return new Uint8Array(Buffer.concat([u32(this.authTypes.length), ...this.authTypes.map(u32)]));
    if (procedure === 70) return u32(1);
    if (procedure === 273) return listBody([...this.domains.values()].filter(({ state }) => state !== 5));
    if (procedure === 316) return u32(0);
    if (procedure !== 212 && procedure !== 14 && procedure !== 230) return new Uint8Array();
    const domain = this.domains.get(uuidIn(args));
    if (domain === undefined) return undefined;
    if (procedure === 212) return new Uint8Array(Buffer.concat([i32(domain.state), i32(domain.reason)]));
    if (procedure === 14) return text(domain.xml ?? xmlOf(domain));
    return pinsBody(domain.pins);
  }

  #write(socket: Bun.Socket, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.pieceBytes) {
      const piece = bytes.subarray(at, at + this.pieceBytes);
      const taken = socket.write(piece);
      // A test that outruns the kernel's buffer would lose bytes silently; -1 is a client that went.
      if (taken >= 0 && taken < piece.length) throw new Error("The fake libvirtd lost bytes");
      socket.flush();
    }
  }
}

/** The UUID in the arguments of a domain call: after the name and its padding. */
export function uuidIn(args: Uint8Array): string {
  const nameLength = new DataView(args.buffer, args.byteOffset, args.byteLength).getUint32(0);
  const at = 4 + Math.ceil(nameLength / 4) * 4;
  return args.slice(at, at + 16).toHex();
}

/** XML with what matters in it, for a domain with one channel per vCPU. */
export function xmlOf({ name, id, pins }: FakeDomain, directory = "/tmp/powermonitor"): string {
  const channels = pins.map(
    (_, n) => `<channel type='unix'><source mode='bind' path='${directory}/${name}.${n}'/>
      <target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`,
  );
  return `<domain type='kvm' id='${id}'><name>${name}</name><vcpu placement='static'>${pins.length}</vcpu>
    <devices>${channels.join("")}</devices></domain>`;
}

/** One map per vCPU, lowest bit of the first byte is CPU 0, and how many there are. */
function pinsBody(pins: number[][]): Uint8Array {
  const maps = new Uint8Array(pins.length * CPU_MAP_BYTES);
  pins.forEach((list, vcpu) => {
    const map = maps.subarray(vcpu * CPU_MAP_BYTES);
    for (const cpu of list) map.set([(map[cpu >> 3] ?? 0) | (1 << (cpu & 7))], cpu >> 3);
  });
  return new Uint8Array(Buffer.concat([u32(maps.length), maps, i32(pins.length)]));
}

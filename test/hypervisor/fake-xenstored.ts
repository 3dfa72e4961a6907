import fs from "node:fs";

/** A node: its value, and the permissions as xenstored shows them. */
interface FakeNode {
  readonly value: string;
  readonly permissions: readonly string[];
}

const [DIRECTORY, READ, GET_PERMS, WATCH, WATCH_EVENT, ERROR] = [1, 2, 3, 4, 15, 16];

/** A xenstored that speaks its wire protocol on a socket. */
export class FakeXenstored {
  readonly path: string;
  readonly nodes = new Map<string, FakeNode>();
  /** What was asked, like `read /vm`. */
  readonly asked: string[] = [];
  /** While it is true, no request is answered. */
  hangs = false;
  /** The error that answers every watch. */
  refused: string | undefined;
  #server: Bun.UnixSocketListener<undefined> | undefined;
  readonly #clients = new Map<
    Bun.Socket<undefined>,
    { watches: [path: string, token: string][]; rest: Buffer }
  >();

  constructor(path: string) {
    this.path = path;
    this.start();
  }

  start(): void {
    this.#server = Bun.listen({
      unix: this.path,
      socket: {
        open: (socket) => void this.#clients.set(socket, { watches: [], rest: Buffer.alloc(0) }),
        data: (socket, bytes) => this.#received(socket, bytes),
        close: (socket) => void this.#clients.delete(socket),
      },
    });
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Ends all connections and stops listening. */
  stop(): void {
    for (const socket of [...this.#clients.keys()]) socket.end();
    this.#server?.stop(true);
    fs.rmSync(this.path, { force: true });
  }

  /** Writes a node, and tells those who watch it. */
  write(path: string, value: string, permissions: readonly string[] = ["n0"]): void {
    this.nodes.set(path, { value, permissions });
    this.fire(path);
  }

  /** Removes a node with everything below it. */
  remove(path: string): void {
    for (const node of [...this.nodes.keys()]) if (under(node, path)) this.nodes.delete(node);
    this.fire(path);
  }

  /** Sends an event to those who watch a path or one above it. */
  fire(path: string): void {
    for (const [socket, { watches }] of this.#clients)
      for (const [watched, token] of watches)
        if (path === watched || under(path, watched))
          socket.write(message(WATCH_EVENT, 0, `${path}\0${token}\0`));
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    for (const socket of this.#clients.keys()) socket.write(bytes);
  }

  #received(socket: Bun.Socket<undefined>, bytes: Uint8Array): void {
    const client = this.#clients.get(socket);
    if (client === undefined || this.hangs) return;
    client.rest = Buffer.concat([client.rest, bytes]);
    const replies: Buffer[] = [];
    while (client.rest.length >= 16 && client.rest.length >= 16 + client.rest.readUInt32LE(12)) {
      const end = 16 + client.rest.readUInt32LE(12);
      const [type, request] = [client.rest.readUInt32LE(0), client.rest.readUInt32LE(4)];
      const texts = client.rest.toString("utf8", 16, end).split("\0");
      client.rest = client.rest.subarray(end);
      replies.push(this.#answer(client, type, request, texts));
    }
    socket.write(Buffer.concat(replies));
  }

  #answer(
    client: { watches: [string, string][] },
    type: number,
    request: number,
    [path = "", token = ""]: readonly string[],
  ): Buffer {
    const node = this.nodes.get(path);
    this.asked.push(`${["", "list", "read", "permissions", "watch"][type]} ${path}`);
    switch (type) {
      case WATCH:
        if (this.refused !== undefined) return message(ERROR, request, `${this.refused}\0`);
        client.watches.push([path, token]);
        return Buffer.concat([
          message(WATCH, request, "OK\0"),
          message(WATCH_EVENT, 0, `${path}\0${token}\0`),
        ]);
      case DIRECTORY: {
        const names = [...this.nodes.keys()].filter((each) => each !== path && under(each, path));
        const children = new Set(names.map((each) => each.slice(path.length + 1).split("/")[0]));
        if (children.size === 0) return message(ERROR, request, "ENOENT\0");
        return message(DIRECTORY, request, [...children].map((each) => `${each}\0`).join(""));
      }
      case READ:
        return node === undefined ? message(ERROR, request, "ENOENT\0") : message(READ, request, node.value);
      case GET_PERMS:
        if (node === undefined) return message(ERROR, request, "ENOENT\0");
        return message(GET_PERMS, request, node.permissions.map((each) => `${each}\0`).join(""));
      default:
        return message(ERROR, request, "ENOSYS\0");
    }
  }
}

function under(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

function message(type: number, request: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(request, 4);
  header.writeUInt32LE(bytes.length, 12);
  return Buffer.concat([header, bytes]);
}

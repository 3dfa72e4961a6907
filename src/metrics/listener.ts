import type { Socket, SocketHandler, TCPSocketListenOptions } from "bun";
import { CONTENT_TYPES, type Format } from "./openmetrics.ts";

/** Where to serve metrics: an address of this host, or a socket that systemd opened. */
export type ListenAt = { readonly hostname: string; readonly port: number } | { readonly fd: number };

/** Options of {@link listenForScrapes}. */
export interface ScrapeOptions {
  readonly at: ListenAt;
  readonly render: (format: Format) => string | Promise<string>;
  /** `Bun.listen()`, or a version of it that limits connections. */
  readonly listen?: Listen;
}

type Listen = (options: ListenAt & { socket: SocketHandler<Client> }) => { stop(): void };

const REQUEST_BYTES_MAX = 8 * 1024;
const CLIENTS_MAX = 16;

/** Longest time from the connect to the end of the answer, in ms. */
const CLIENT_MS = 10_000;

/** The state of one client. */
interface Client {
  request: string;
  /** Whether the request was received; nothing more is read after it. */
  isWhole: boolean;
  /** The rest of the answer that the socket did not take yet; undefined until there is an answer. */
  answer: Uint8Array | undefined;
  timer: Timer | undefined;
}

/**
 * Serves `GET /metrics` over HTTP, one request per connection. Bun's own server cannot use a socket that systemd
 * opened, and a server that strangers can reach should do as little as possible.
 */
export function listenForScrapes({ at, render, listen = listenAt }: ScrapeOptions): { close(): void } {
  const clients = new Set<Socket<Client>>();

  const listener = listen({
    ...at,
    socket: {
      open(socket) {
        socket.data = { request: "", isWhole: false, answer: undefined, timer: undefined };
        if (clients.size >= CLIENTS_MAX) {
          socket.terminate();
          return;
        }
        clients.add(socket);
        socket.data.timer = setTimeout(() => socket.terminate(), CLIENT_MS);
      },
      data(socket, bytes) {
        const client = socket.data;
        if (client.isWhole) return;
        client.request += Buffer.from(bytes).toString("latin1");
        const isTooLong = client.request.length > REQUEST_BYTES_MAX;
        client.isWhole = isTooLong || client.request.includes("\r\n\r\n");
        if (isTooLong) give(socket, answer("431 Request Header Fields Too Large"));
        else if (client.isWhole) void giveLate(socket, client.request, render);
      },
      drain: proceed,
      close(socket) {
        clearTimeout(socket.data.timer);
        clients.delete(socket);
      },
      error: (socket) => void socket.terminate(),
    },
  });

  return {
    close() {
      listener.stop();
      for (const socket of clients) socket.terminate();
    },
  };
}

/** Bun takes an open socket here; its types leave that out. */
const listenAt: Listen = (options) => Bun.listen<Client>(options as TCPSocketListenOptions<Client>);

/** The text may take several turns of the event loop; the client may be gone by then. */
async function giveLate(
  socket: Socket<Client>,
  request: string,
  render: ScrapeOptions["render"],
): Promise<void> {
  try {
    give(socket, await respond(request, render));
  } catch {
    // The daemon ends.
    socket.terminate();
  }
}

function give(socket: Socket<Client>, bytes: Uint8Array): void {
  socket.data.answer = bytes;
  proceed(socket);
}

function proceed(socket: Socket<Client>): void {
  const { answer: waiting } = socket.data;
  if (waiting === undefined) return;
  const rest = waiting.subarray(Math.max(0, socket.write(waiting)));
  socket.data.answer = rest;
  if (rest.length === 0) socket.end();
}

async function respond(request: string, render: ScrapeOptions["render"]): Promise<Uint8Array> {
  const [, method, target = ""] = /^(\S+) (\S+) HTTP\/1\.[01]\r\n/.exec(request) ?? [];
  if (method === undefined) return answer("400 Bad Request");
  if (target.split("?")[0] !== "/metrics") return answer("404 Not Found");
  if (method !== "GET" && method !== "HEAD")
    return answer("405 Method Not Allowed", { headers: ["Allow: GET, HEAD"] });
  const format: Format = /^accept:.*application\/openmetrics-text/im.test(request)
    ? "openmetrics"
    : "prometheus";
  const text = await render(format);
  return answer("200 OK", { type: CONTENT_TYPES[format], text, body: method === "GET" });
}

function answer(
  status: string,
  {
    type = "text/plain; charset=utf-8",
    text = `${status}\n`,
    body = true,
    headers = [] as readonly string[],
  } = {},
): Uint8Array {
  const content = Buffer.from(text);
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    `Content-Length: ${content.length}`,
    "Connection: close",
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body ? content : Buffer.alloc(0)]);
}

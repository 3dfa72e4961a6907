import { existsSync } from "node:fs";
import { join } from "node:path";

const PAGE = join(import.meta.dir, "../../dist/cockpit");

/** Where Cockpit would serve the page. */
const PLACE = "/cockpit/@localhost/vm-power/";

/** What the page may load, as Cockpit says it. */
const POLICY = "default-src 'self'";

/** A double of Cockpit: it serves the page, and joins its channels to a socket. */
export interface Double {
  readonly url: string;
  /** The channels that are open now. */
  readonly channels: number;
  stop(): Promise<void>;
}

/** What plays the socket: a path; or the word of a bridge that does not reach it. */
export type Reached = { readonly path: string } | { readonly problem: string };

/** `cockpit.js` as far as the page needs it. The server's side of each channel is a WebSocket. */
const SCRIPT = `window.cockpit = {
  channel({ payload, unix, binary }) {
    if (payload !== "stream" || binary !== true) throw new Error("The page wants another kind of channel");
    const listeners = { message: [], close: [] };
    const tell = (type, value) => { for (const listener of listeners[type]) listener({ type }, value); };
    const socket = new WebSocket("ws://" + location.host + "/channel?unix=" + encodeURIComponent(unix));
    socket.binaryType = "arraybuffer";
    const waiting = [];
    socket.onopen = () => { for (const bytes of waiting.splice(0)) socket.send(bytes); };
    socket.onmessage = ({ data }) => tell("message", new Uint8Array(data));
    socket.onclose = ({ reason }) => tell("close", { problem: reason === "" ? null : reason });
    return {
      send: (bytes) => (socket.readyState === 0 ? waiting.push(bytes) : socket.send(bytes)),
      // A browser complains if a connection is closed that is not there yet.
      close: () => (socket.readyState === 0 ? (socket.onopen = () => socket.close()) : socket.close()),
      addEventListener: (type, listener) => listeners[type].push(listener),
    };
  },
};`;

interface Channel {
  readonly unix: string;
  daemon?: Bun.Socket<undefined>;
  /** What the page sent before the socket was connected. */
  early: Uint8Array[];
}

/** Serves the page. `reach` says what is behind a channel to a path. */
export function serveDouble(reach: (unix: string) => Reached): Double {
  let channels = 0;
  const server = Bun.serve<Channel>({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/channel") {
        const data = { unix: searchParams.get("unix") ?? "", early: [] };
        return self.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
      }
      const headers = { "content-security-policy": POLICY };
      if (pathname === "/cockpit/@localhost/base1/cockpit.js")
        return new Response(SCRIPT, { headers: { ...headers, "content-type": "text/javascript" } });
      const file = pathname.startsWith(PLACE)
        ? join(PAGE, pathname.slice(PLACE.length))
        : join("/usr/share", pathname);
      return existsSync(file)
        ? new Response(Bun.file(file), { headers })
        : new Response(null, { status: 404 });
    },
    websocket: {
      maxPayloadLength: 64 * 1024 * 1024,
      backpressureLimit: 64 * 1024 * 1024,
      async open(socket) {
        channels++;
        const reached = reach(socket.data.unix);
        if ("problem" in reached) return socket.close(1000, reached.problem);
        try {
          socket.data.daemon = await Bun.connect<undefined>({
            unix: reached.path,
            socket: {
              data: (_daemon, bytes) => void socket.sendBinary(new Uint8Array(bytes)),
              close: () => socket.close(1000),
              error: () => socket.close(1000, "disconnected"),
            },
          });
          for (const bytes of socket.data.early.splice(0)) socket.data.daemon.write(bytes);
        } catch {
          socket.close(1000, "not-found");
        }
      },
      message({ data }, bytes) {
        const sent = new Uint8Array(bytes as Buffer);
        if (data.daemon === undefined) data.early.push(sent);
        else data.daemon.write(sent);
      },
      close({ data }) {
        channels--;
        data.daemon?.end();
      },
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}${PLACE}index.html`,
    get channels() {
      return channels;
    },
    stop: () => server.stop(true),
  };
}

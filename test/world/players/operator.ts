import type { Owner } from "../machine/sockets.ts";
import type { World } from "../world.ts";

const CONTROL = "/run/vm-power/control.sock";
const ROOT: Owner = { pid: 50, uid: 0, gid: 0 };

/** How long an operator waits, in ms. */
const PATIENCE_MS = 20_000;

/** A reply of the daemon, or undefined if there was none. */
export type Replied = (reply: { readonly parameters?: object; readonly error?: string } | undefined) => void;

/** Calls a method over varlink, byte by byte. */
export function call(world: World, method: string, parameters: object, replied: Replied): void {
  const node = world.disk.find(CONTROL);
  const end = node?.kind === "socket" ? node.listening?.connect(ROOT) : undefined;
  if (end === undefined) return replied(undefined);
  let text = "";
  let isOver = false;
  const finish: Replied = (reply) => {
    if (isOver) return;
    isOver = true;
    late.run = undefined;
    end.close();
    replied(reply);
  };
  const late = world.timeline.after(PATIENCE_MS, () => {
    if (world.service.isRunning)
      world.fail("operators", `${method} was not answered within ${PATIENCE_MS} ms`);
    finish(undefined);
  });
  const decoder = new TextDecoder();
  end.handlers = {
    data(bytes) {
      text += decoder.decode(bytes, { stream: true });
      if (!text.endsWith("\0")) return;
      const reply = JSON.parse(text.slice(0, -1)) as { parameters?: object; error?: string };
      world.trace.note("told", text.length, method, reply.error ?? "");
      finish(reply);
    },
    closed: () => finish(undefined),
  };
  const message = JSON.stringify({ method: `io.vmpower.Control.${method}`, parameters });
  end.write(new TextEncoder().encode(`${message}\0`));
}

/** Sends bytes that are no call, and hangs up. */
export function babble(world: World, bytes: Uint8Array): void {
  const node = world.disk.find(CONTROL);
  const end = node?.kind === "socket" ? node.listening?.connect(ROOT) : undefined;
  end?.write(bytes);
  world.timeline.after(5, () => end?.close());
}

/** Makes several calls, one after the other, and collects the parameters of the replies. */
export function callAll(
  world: World,
  methods: readonly string[],
  done: (seen: Readonly<Record<string, unknown>>) => void,
): void {
  const seen: Record<string, unknown> = {};
  const next = (index: number) => {
    const method = methods[index];
    if (method === undefined) return done(seen);
    call(world, method, {}, (reply) => {
      seen[method] = reply?.parameters;
      next(index + 1);
    });
  };
  next(0);
}

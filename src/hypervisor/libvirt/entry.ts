import { readAuthTypes } from "./messages.ts";
import { AUTH, CALL } from "./protocol.ts";
import { type Failure, Rpc, type RpcEvents } from "./rpc.ts";
import type { Connect } from "./stream.ts";

/** How to reach libvirt. */
export interface EntryOptions {
  readonly connect: Connect;
  /** The socket file. */
  readonly socket: string;
  /** How long one call may take. */
  readonly callTimeoutMs: number;
}

/** Why libvirt does not let us in. */
export type Refusal =
  | Failure
  /** The kernel's word, e.g. `ENOENT`. */
  | { readonly kind: "unreachable"; readonly errno: string }
  /** libvirt wants a password (SASL). */
  | { readonly kind: "password" }
  /** libvirt asked polkit about us, which said no. */
  | { readonly kind: "unauthorized"; readonly message: string };

const NOTHING = new Uint8Array();

/** Connects; nothing was said yet. */
export async function connectRpc(options: EntryOptions, events: RpcEvents): Promise<Rpc | Refusal> {
  let rpc: Rpc | undefined;
  let closed = false;
  const stream = await options.connect(options.socket, {
    // What comes before the first call is no answer to anything.
    data: (bytes) => rpc?.received(bytes),
    closed() {
      closed = true;
      rpc?.end("libvirt closed the connection");
    },
  });
  if (typeof stream === "string") return { kind: "unreachable", errno: stream };
  if (closed) return { kind: "lost", reason: "libvirt closed the connection" };
  rpc = new Rpc(stream, events, options.callTimeoutMs);
  return rpc;
}

/** Says who we are and opens the URI; gives why that is refused. */
export async function enter(rpc: Rpc, openArgs: Uint8Array): Promise<Refusal | undefined> {
  const offered = await rpc.call(CALL.authList, NOTHING, readAuthTypes);
  if (!offered.ok) return offered.failure;
  const needsPolkit = !offered.value.includes(AUTH.none) && offered.value.includes(AUTH.polkit);
  if (!needsPolkit && offered.value.includes(AUTH.sasl)) return { kind: "password" };
  if (needsPolkit) {
    const allowed = await rpc.call(CALL.authPolkit, NOTHING, () => undefined);
    if (!allowed.ok && allowed.failure.kind === "refused")
      return { kind: "unauthorized", message: allowed.failure.message };
    if (!allowed.ok) return allowed.failure;
  }
  const opened = await rpc.call(CALL.open, openArgs, () => undefined);
  return opened.ok ? undefined : opened.failure;
}

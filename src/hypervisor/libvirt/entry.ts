import { failure, type Result, success } from "../../base/result.ts";
import type { Connect } from "../stream.ts";
import { readAuthTypes } from "./messages.ts";
import { AUTH, CALL } from "./protocol.ts";
import { type Failure, Rpc, type RpcEvents } from "./rpc.ts";

/** Where to reach libvirt. */
export interface EntryOptions {
  readonly connect: Connect;
  /** The socket file. */
  readonly socket: string;
  /** Longest time of one call, in ms. */
  readonly callTimeoutMs: number;
}

/** Why libvirt refuses the connection. */
export type Refusal =
  | Failure
  /** The kernel's error code, for example `ENOENT`. */
  | { readonly kind: "unreachable"; readonly errno: string }
  /** libvirt requires a password (SASL). */
  | { readonly kind: "password" }
  /** libvirt asked polkit, which refused. */
  | { readonly kind: "unauthorized"; readonly message: string };

const NOTHING = new Uint8Array();

/** Connects to the socket; sends nothing. */
export async function connectRpc(options: EntryOptions, events: RpcEvents): Promise<Result<Rpc, Refusal>> {
  let rpc: Rpc | undefined;
  let closed = false;
  const stream = await options.connect(options.socket, {
    // A frame before the first call is no reply.
    data: (bytes) => rpc?.received(bytes),
    closed() {
      closed = true;
      rpc?.end("libvirt closed the connection");
    },
  });
  if (!stream.ok) return failure({ kind: "unreachable", errno: stream.why });
  if (closed) return failure({ kind: "lost", reason: "libvirt closed the connection" });
  rpc = new Rpc(stream.value, events, options.callTimeoutMs);
  return success(rpc);
}

/** Authenticates and opens the URI. Returns why libvirt refuses that. */
export async function enter(rpc: Rpc, openArgs: Uint8Array): Promise<Refusal | undefined> {
  const offered = await rpc.call(CALL.authList, NOTHING, readAuthTypes);
  if (!offered.ok) return offered.why;
  const needsPolkit = !offered.value.includes(AUTH.none) && offered.value.includes(AUTH.polkit);
  if (!needsPolkit && offered.value.includes(AUTH.sasl)) return { kind: "password" };
  if (needsPolkit) {
    const allowed = await rpc.call(CALL.authPolkit, NOTHING, () => undefined);
    if (!allowed.ok && allowed.why.kind === "refused")
      return { kind: "unauthorized", message: allowed.why.message };
    if (!allowed.ok) return allowed.why;
  }
  const opened = await rpc.call(CALL.open, openArgs, () => undefined);
  return opened.ok ? undefined : opened.why;
}

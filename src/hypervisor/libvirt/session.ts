import { type DomainEvent, readDomainEvent } from "./events.ts";
import { openArgs, readAuthTypes, registerArgs } from "./messages.ts";
import { AUTH, CALL, CONNECTION_CLOSED, EVENT } from "./protocol.ts";
import { type Answer, type Failure, Rpc, type RpcEvents } from "./rpc.ts";
import type { Connect } from "./stream.ts";

/** What a session needs to begin. */
export interface SessionOptions {
  readonly connect: Connect;
  /** The socket file. */
  readonly socket: string;
  readonly uri: string;
  /** How long one call may take. */
  readonly callTimeoutMs: number;
  /** Ends the session, also while it is being opened. */
  readonly signal: AbortSignal;
  onEvent(event: DomainEvent): void;
  /** The session is over, whoever ended it. */
  onLost(reason: string): void;
  /** libvirt fell silent, or speaks again. The session goes on. */
  onSilent(isSilent: boolean): void;
}

/** A connection on which libvirt answers and tells. */
export interface Session {
  readonly rpc: Rpc;
  /** Says goodbye and closes. */
  close(): Promise<void>;
}

/** Why a session did not begin. */
export type Refusal =
  | Failure
  /** The kernel's word, e.g. `ENOENT`. */
  | { readonly kind: "unreachable"; readonly errno: string }
  /** libvirt wants a password (SASL). */
  | { readonly kind: "password" };

/** How long a goodbye may take. */
const GOODBYE_MS = 500;

/** Why a session is over that we ended. */
const CLOSED = "closed";

const NOTHING = new Uint8Array();

/**
 * Connects, opens the URI for reading and registers for events; only then may domains be read, so that a change in
 * between is told twice rather than never.
 *
 * libvirt's keepalive is not asked for: it would wake both sides every five seconds, and who asks for it is thrown out
 * when it is frozen itself. PINGs are answered should they come.
 */
export async function openSession(options: SessionOptions): Promise<Session | Refusal> {
  let open = false;
  const abort = (): void => {
    if (rpc instanceof Rpc) rpc.end(CLOSED);
  };
  const rpc = await connectRpc(options, {
    event(procedure, body) {
      if (procedure === CONNECTION_CLOSED) return "libvirt lost the hypervisor's own daemon";
      const event = readDomainEvent(procedure, body);
      if (event !== undefined) options.onEvent(event);
      return undefined;
    },
    lost(reason) {
      options.signal.removeEventListener("abort", abort);
      if (open) options.onLost(reason);
    },
    silent() {
      if (open) options.onSilent(true);
    },
    answers() {
      if (open) options.onSilent(false);
    },
  });
  if (!(rpc instanceof Rpc)) return rpc;
  options.signal.addEventListener("abort", abort);
  if (options.signal.aborted) abort();
  const refusal = await greet(rpc, options.uri);
  if (refusal !== undefined) {
    rpc.end("not opened");
    return refusal;
  }
  if (rpc.ended !== undefined) return { kind: "lost", reason: rpc.ended };
  open = true;
  return {
    rpc,
    async close() {
      const timer = setTimeout(abort, GOODBYE_MS);
      await rpc.call(CALL.close, NOTHING, () => undefined);
      clearTimeout(timer);
      abort();
    },
  };
}

async function connectRpc(options: SessionOptions, events: RpcEvents): Promise<Rpc | Refusal> {
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

/** Gives why libvirt does not let us in. */
async function greet(rpc: Rpc, uri: string): Promise<Refusal | undefined> {
  const offered = await rpc.call(CALL.authList, NOTHING, readAuthTypes);
  if (!offered.ok) return offered.failure;
  const needsPolkit = !offered.value.includes(AUTH.none) && offered.value.includes(AUTH.polkit);
  if (!needsPolkit && offered.value.includes(AUTH.sasl)) return { kind: "password" };
  if (needsPolkit) {
    const allowed = await rpc.call(CALL.authPolkit, NOTHING, () => undefined);
    if (!allowed.ok) return allowed.failure;
  }
  const opened = await rpc.call(CALL.open, openArgs(uri), () => undefined);
  if (!opened.ok) return opened.failure;
  const [lifecycle] = await Promise.all(registerAll(rpc));
  return lifecycle.ok ? undefined : lifecycle.failure;
}

/** Without the first there is no service; the others are missing in some hypervisors, and everything is re-read anyway. */
function registerAll(rpc: Rpc): [Promise<Answer<void>>, ...Promise<Answer<void>>[]] {
  const register = (id: number): Promise<Answer<void>> =>
    rpc.call(CALL.registerEvent, registerArgs(id), () => undefined);
  const { lifecycle, tunable, reboot, deviceAdded, deviceRemoved } = EVENT;
  return [
    register(lifecycle.id),
    ...[tunable, reboot, deviceAdded, deviceRemoved].map(({ id }) => register(id)),
    rpc.call(CALL.registerClose, NOTHING, () => undefined),
  ];
}

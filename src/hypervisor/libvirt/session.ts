import { failure, type Result, success } from "../../base/result.ts";
import { connectRpc, type EntryOptions, enter, type Refusal } from "./entry.ts";
import { type DomainEvent, readDomainEvent } from "./events.ts";
import { openArgs, registerArgs } from "./messages.ts";
import { CALL, CONNECTION_CLOSED, EVENT } from "./protocol.ts";
import type { Answer, Rpc } from "./rpc.ts";

/** What a session needs. */
export interface SessionOptions extends EntryOptions {
  readonly uri: string;
  /** Ends the session, also while it is being opened. */
  readonly signal: AbortSignal;
  onEvent(event: DomainEvent): void;
  /** The session has ended, for whatever reason. */
  onLost(reason: string): void;
  /** libvirt stopped answering, or answers again. The session goes on. */
  onSilent(isSilent: boolean): void;
}

/** A connection on which libvirt answers calls and sends events. */
export interface Session {
  readonly rpc: Rpc;
  /** Disconnects properly. */
  close(): Promise<void>;
}

/** Longest time of a proper disconnect, in ms. */
const GOODBYE_MS = 500;

/** The reason for a session that we ended. */
const CLOSED = "closed";

const NOTHING = new Uint8Array();

/**
 * Connects, opens the URI read-only and registers for events. Domains are read only after that, so that a change in
 * between is reported twice rather than never. libvirt's keepalive is not used: it would wake both sides every five
 * seconds, and libvirt disconnects a client that asked for it and hangs itself. PINGs are answered if they arrive.
 */
export async function openSession(options: SessionOptions): Promise<Result<Session, Refusal>> {
  let open = false;
  const abort = (): void => {
    if (connected.ok) connected.value.end(CLOSED);
  };
  const connected = await connectRpc(options, {
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
  if (!connected.ok) return connected;
  const rpc = connected.value;
  options.signal.addEventListener("abort", abort);
  if (options.signal.aborted) abort();
  const refusal = await greet(rpc, options.uri);
  if (refusal !== undefined) {
    rpc.end("not opened");
    return failure(refusal);
  }
  if (rpc.ended !== undefined) return failure({ kind: "lost", reason: rpc.ended });
  open = true;
  return success({
    rpc,
    async close() {
      const timer = setTimeout(abort, GOODBYE_MS);
      await rpc.call(CALL.close, NOTHING, () => undefined);
      clearTimeout(timer);
      abort();
    },
  });
}

/** Returns why libvirt refuses us. */
async function greet(rpc: Rpc, uri: string): Promise<Refusal | undefined> {
  const refusal = await enter(rpc, openArgs(uri, { write: false }));
  if (refusal !== undefined) return refusal;
  const [lifecycle] = await Promise.all(registerAll(rpc));
  return lifecycle.ok ? undefined : lifecycle.why;
}

/** The first event is required. Some hypervisors lack the others, but everything is read again at intervals. */
function registerAll(rpc: Rpc): [Promise<Answer<void>>, ...Promise<Answer<void>>[]] {
  const register = (id: number): Promise<Answer<void>> =>
    rpc.call(CALL.registerEvent, registerArgs(id), () => undefined);
  const { lifecycle, tunable, reboot, deviceAdded, deviceRemoved, metadataChange } = EVENT;
  return [
    register(lifecycle.id),
    ...[tunable, reboot, deviceAdded, deviceRemoved, metadataChange].map(({ id }) => register(id)),
    rpc.call(CALL.registerClose, NOTHING, () => undefined),
  ];
}

import { connectRpc, type EntryOptions, enter, type Refusal } from "./entry.ts";
import { type DomainEvent, readDomainEvent } from "./events.ts";
import { openArgs, registerArgs } from "./messages.ts";
import { CALL, CONNECTION_CLOSED, EVENT } from "./protocol.ts";
import { type Answer, Rpc } from "./rpc.ts";

/** What a session needs to begin. */
export interface SessionOptions extends EntryOptions {
  readonly uri: string;
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

/** Gives why libvirt does not let us in. */
async function greet(rpc: Rpc, uri: string): Promise<Refusal | undefined> {
  const refusal = await enter(rpc, openArgs(uri, { write: false }));
  if (refusal !== undefined) return refusal;
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

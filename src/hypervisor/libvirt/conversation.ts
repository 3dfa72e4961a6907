import { failure, type Result } from "../../base/result.ts";
import { type Answered, refused } from "../domain-orders.ts";
import { connectRpc, type EntryOptions, enter, type Refusal } from "./entry.ts";
import { openArgs } from "./messages.ts";
import { CALL } from "./protocol.ts";
import type { Rpc } from "./rpc.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { type LibvirtAddress, writableSockets } from "./uri.ts";

/** The most conversations at a time: there are few operators, and libvirtd limits its clients. */
const CONVERSATIONS_MAX = 4;

/** What conversations need. */
export interface ConversationOptions extends Omit<EntryOptions, "socket"> {
  readonly address: Result<LibvirtAddress>;
  /** What an operator does if polkit refuses. By default for the daemon. */
  readonly remedy?: string;
}

/** Holds one conversation: connects, sends calls, disconnects. */
export type Converse = <T>(
  right: { readonly write: boolean },
  ask: (rpc: Rpc) => Promise<Answered<T>>,
) => Promise<Answered<T>>;

/**
 * Makes conversations on their own connections to libvirt. The connection that follows the domains stays read-only: it
 * needs no right to change anything.
 */
export function conversations({ address: found, remedy, ...entry }: ConversationOptions): Converse {
  let held = 0;
  return async (right, ask) => {
    if (!found.ok) return refused(found.why);
    const address = found.value;
    const sockets = right.write ? writableSockets(address) : address.sockets;
    if (sockets.length === 0) return refused(...onlyReading(address));
    if (held >= CONVERSATIONS_MAX)
      return refused(`${held} requests to libvirt are under way already`, "try again in a moment");
    held++;
    try {
      return await first(sockets, { uri: address.uri, entry, remedy, right, ask });
    } finally {
      held--;
    }
  };
}

interface Errand<T> {
  readonly uri: string;
  readonly entry: Omit<EntryOptions, "socket">;
  readonly remedy: string | undefined;
  readonly right: { readonly write: boolean };
  readonly ask: (rpc: Rpc) => Promise<Answered<T>>;
}

/** Uses the first socket on which libvirt answers. */
async function first<T>(sockets: readonly string[], errand: Errand<T>): Promise<Answered<T>> {
  const { uri, entry, remedy, right, ask } = errand;
  let worst: Trouble = { text: "No socket", weight: -1 };
  for (const socket of sockets) {
    const opened = await openRpc({ ...entry, socket }, openArgs(uri, right));
    if (opened.ok) {
      const rpc = opened.value;
      const told = await ask(rpc);
      await rpc.call(CALL.close, new Uint8Array(), () => undefined);
      rpc.end("closed");
      return told;
    }
    const trouble = troubleOf(opened.why, uri, { socket, remedy });
    if (trouble.weight > worst.weight) worst = trouble;
  }
  return refused(worst.text);
}

async function openRpc(entry: EntryOptions, args: Uint8Array): Promise<Result<Rpc, Refusal>> {
  const connected = await connectRpc(entry, NO_EVENTS);
  if (!connected.ok) return connected;
  const refusal = await enter(connected.value, args);
  if (refusal === undefined) return connected;
  connected.value.end("not opened");
  return failure(refusal);
}

function onlyReading({ sockets }: LibvirtAddress): [string, string] {
  const [socket = ""] = sockets;
  const other = socket.replace(/-ro$/, "");
  return [
    `The libvirt socket "${socket}" is read-only`,
    `set Socket=${other} in [hypervisor] and restart vm-power`,
  ];
}

/** No events are registered, so none arrive. */
const NO_EVENTS = { event: () => undefined, lost() {}, silent() {}, answers() {} };

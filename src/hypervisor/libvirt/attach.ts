import { VCPUS_MAX } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import {
  type Affected,
  type Answered,
  type AttachRequest,
  type ChannelPlan,
  refused,
} from "../domain-orders.ts";
import { connectUnix } from "../stream.ts";
import { answered } from "./answered.ts";
import { pathlessChannel } from "./channel-xml.ts";
import { type ConversationOptions, conversations } from "./conversation.ts";
import { type Definition, readDefinition } from "./definition.ts";
import { type DomainRef, domainArgs, readXmlText } from "./messages.ts";
import * as message from "./order-messages.ts";
import { CALL } from "./protocol.ts";
import type { Rpc } from "./rpc.ts";
import { LIBVIRT_TIMING } from "./timing.ts";
import { addressOf, SOCKET_DIRECTORY } from "./uri.ts";

/** The most channels in one call: each takes up to 50 ms. */
const ATTACHED_MAX = 256;

/** Gives a running domain the channels that it lacks. The plan that it returns says what was added. */
export type Attach = (domain: string, request: AttachRequest) => Promise<Answered<ChannelPlan>>;

/** Which libvirt has the domains. */
export interface AttachOptions extends Partial<Omit<ConversationOptions, "address" | "remedy">> {
  readonly uri: string;
  /** The socket file, if it is not one of libvirt's own. */
  readonly socket?: string | undefined;
}

/** Makes the one order of the helper that may change domains. Each call is a conversation of its own. */
export function libvirtAttach({ uri, socket, connect = connectUnix, callTimeoutMs }: AttachOptions): Attach {
  const converse = conversations({
    // The socket may be the one of the daemon, which only reads.
    address: addressOf(uri, socket?.replace(/-sock-ro$/, "-sock"), SOCKET_DIRECTORY),
    connect,
    callTimeoutMs: callTimeoutMs ?? LIBVIRT_TIMING.callTimeoutMs,
    remedy: "usermod -aG libvirt vm-power-attach lets it in",
  });
  return (name, request) =>
    converse({ write: true }, async (rpc) => {
      const found = await rpc.call(CALL.lookupByName, message.lookupArgs(name), message.readFound);
      if (!found.ok) return answered(found);
      return found.value === undefined ? failure({ kind: "noDomain" }) : attach(rpc, found.value, request);
    });
}

async function attach(rpc: Rpc, domain: DomainRef, request: AttachRequest): Promise<Answered<ChannelPlan>> {
  const planned = await attachPlan(rpc, domain, request);
  if (!planned.ok) return planned;
  const { plan, affected } = planned.value;
  for (const [index, number] of plan.missing.entries()) {
    const args = message.attachArgs(domain, pathlessChannel(number), affected(number));
    const done = answered(await rpc.call(CALL.attachDevice, args, () => undefined));
    if (done.ok || done.why.kind === "noDomain") continue;
    const before = plan.missing.slice(0, index).join(", ");
    return refused(
      `Channel ${number}: ${done.why.reason}${before === "" ? "" : `; channels ${before} were attached`}`,
      done.why.remedy,
    );
  }
  return success(plan);
}

/** A plan, and for each of its missing channels where it is missing. */
interface AttachPlan {
  readonly plan: ChannelPlan;
  readonly affected: (number: number) => Affected;
}

/** Reads a running domain and finds the channels that it lacks. */
export async function attachPlan(
  rpc: Rpc,
  domain: DomainRef,
  { channels, config }: AttachRequest,
): Promise<Answered<AttachPlan>> {
  const { name } = domain;
  if (domain.id < 0)
    return refused(`"${name}" does not run`, `vmpowerctl channel-config ${name} --pathless --apply`);
  const live = await definitionOf(rpc, domain, domainArgs(domain));
  if (!live.ok) return live;
  const whyNot = objection(name, live.value, channels);
  if (!whyNot.ok) return refused(...whyNot.why);
  const kept = config ? await persistentOf(rpc, domain) : undefined;
  if (kept?.ok === false) return kept;
  const affected = (number: number): Affected => ({
    live: !live.value.channels.has(number),
    config: kept !== undefined && !kept.value.channels.has(number),
  });
  const wanted = channels ?? Array.from({ length: live.value.vcpus }, (_, number) => number);
  const lacks = (number: number) => affected(number).live || affected(number).config;
  const [missing, present] = [wanted.filter(lacks), wanted.filter((number) => !lacks(number))];
  if (missing.length > ATTACHED_MAX)
    return refused(
      `${missing.length} channels are missing, and ${ATTACHED_MAX} can be attached at once`,
      "name fewer with --vcpus",
    );
  return success({ plan: { present, missing, devices: missing.map(pathlessChannel).join("\n") }, affected });
}

/** Why channels cannot be added while the domain runs, with the remedy. */
function objection(
  name: string,
  { vcpus, controllers }: Definition,
  channels: readonly number[] | undefined,
): Result<void, [reason: string, remedy: string]> {
  const highest = Math.max(0, ...(channels ?? []));
  if (highest >= Math.min(vcpus, VCPUS_MAX))
    return failure([
      `"${name}" has no vCPU ${highest}: it has ${vcpus} at most`,
      `vmpowerctl show-vm ${name} shows its vCPUs`,
    ]);
  if (controllers.length > 0) return success(undefined);
  return failure([
    `"${name}" has no virtio-serial controller, and none can be added while it runs`,
    `vmpowerctl channel-config ${name} --pathless --apply, then shut it down and start it again`,
  ]);
}

async function persistentOf(rpc: Rpc, domain: DomainRef): Promise<Answered<Definition>> {
  const persistent = await rpc.call(CALL.isPersistent, message.persistentArgs(domain), message.readCount);
  if (!persistent.ok) return answered(persistent);
  if (persistent.value !== 0)
    return definitionOf(rpc, domain, message.definitionArgs(domain, { secure: false }));
  return refused(
    `"${domain.name}" has no definition in libvirt`,
    "omit --config: it gets them while it runs",
  );
}

async function definitionOf(rpc: Rpc, { name }: DomainRef, args: Uint8Array): Promise<Answered<Definition>> {
  const text = await rpc.call(CALL.domainXml, args, readXmlText);
  if (!text.ok) return answered(text);
  const read = readDefinition(text.value);
  return read.ok ? read : refused(`Cannot add to "${name}": ${read.why}`);
}

import { success } from "../../base/result.ts";
import type { ChannelPlace } from "../channel-config.ts";
import {
  type Answered,
  type ChannelPlan,
  type DomainOrders,
  refused,
  type VcpuInfo,
} from "../domain-orders.ts";
import { answered } from "./answered.ts";
import { attachPlan } from "./attach.ts";
import { channelXml, insertDevices } from "./channel-xml.ts";
import { type ConversationOptions, conversations } from "./conversation.ts";
import { CPUMAP_BYTES, cpumapsToLists } from "./cpumaps.ts";
import { type Definition, readDefinition } from "./definition.ts";
import { type DomainRef, readCpumaps, readXmlText } from "./messages.ts";
import * as message from "./order-messages.ts";
import { CALL, ERROR } from "./protocol.ts";
import type { Rpc } from "./rpc.ts";

/** The most vCPUs of a domain: the limit of QEMU's largest machine. */
const VCPUS_MAX = 4096;

/** What orders to libvirt need. */
export interface LibvirtOrdersOptions extends ConversationOptions {
  /** Called after a domain was changed. The order is done when the domain has been looked at again. */
  readonly changed: (domain: string) => Promise<unknown>;
}

/** Questions and orders about libvirt's domains, each in its own conversation. */
export function libvirtOrders(options: LibvirtOrdersOptions): DomainOrders {
  const converse = conversations(options);

  /** Finds the domain and runs `work` with it. */
  function withDomain<T>(
    name: string,
    right: { readonly write: boolean },
    ask: (rpc: Rpc, domain: DomainRef) => Promise<Answered<T>>,
  ): Promise<Answered<T>> {
    return converse(right, async (rpc) => {
      const found = await rpc.call(CALL.lookupByName, message.lookupArgs(name), message.readFound);
      if (!found.ok) return answered(found);
      return found.value === undefined ? { ok: false, why: { kind: "noDomain" } } : ask(rpc, found.value);
    });
  }

  async function order(
    name: string,
    procedure: number,
    args: (domain: DomainRef) => Uint8Array,
  ): Promise<Answered<void>> {
    const told = await withDomain(name, { write: true }, async (rpc, domain) =>
      answered(await rpc.call(procedure, args(domain), () => undefined)),
    );
    if (told.ok) await options.changed(name);
    return told;
  }

  return {
    vcpus: (name) => withDomain(name, { write: false }, vcpusOf),
    pinVcpu: (name, pin, affected) =>
      order(name, CALL.pinVcpu, (domain) => message.pinArgs(domain, pin, affected)),
    setVcpus: (name, count, affected) =>
      order(name, CALL.setVcpus, (domain) => message.setVcpusArgs(domain, count, affected)),
    planChannels: (place, count) =>
      withDomain(place.vm, { write: false }, async (rpc, domain) => {
        const planned = await planFor(rpc, domain, { place, count, secure: false });
        return planned.ok ? success(planned.value.plan) : planned;
      }),
    addChannels: (place, count, expected) =>
      withDomain(place.vm, { write: true }, async (rpc, domain) => {
        const planned = await planFor(rpc, domain, { place, count, secure: true });
        if (!planned.ok) return planned;
        const { xml, definition, plan } = planned.value;
        if (plan.devices !== expected)
          return refused(
            "The definition was changed meanwhile",
            "repeat the command, to see what it adds now",
          );
        if (plan.missing.length === 0) return { ok: true, value: undefined };
        const args = message.defineArgs(insertDevices(xml, definition, plan.devices));
        return answered(await rpc.call(CALL.defineXml, args, () => undefined));
      }),
    planAttach: (name, request) =>
      withDomain(name, { write: false }, async (rpc, domain) => {
        const planned = await attachPlan(rpc, domain, request);
        return planned.ok ? success(planned.value.plan) : planned;
      }),
  };
}

async function vcpusOf(rpc: Rpc, domain: DomainRef): Promise<Answered<readonly VcpuInfo[]>> {
  const maximum = await rpc.call(CALL.vcpuCount, message.maximumArgs(domain), message.readCount);
  if (!maximum.ok) return answered(maximum);
  const count = Math.min(Math.max(1, maximum.value), VCPUS_MAX);
  const cpumaps = await rpc.call(
    CALL.vcpuPins,
    message.currentPinsArgs(domain, count, CPUMAP_BYTES),
    readCpumaps,
  );
  if (!cpumaps.ok) return answered(cpumaps);
  const plugged = await rpc.call(CALL.vcpus, message.vcpusArgs(domain, count), message.readVcpus);
  // A domain that does not run has no online vCPUs.
  const isStopped =
    !plugged.ok && plugged.why.kind === "refused" && plugged.why.code === ERROR.operationInvalid;
  if (!plugged.ok && !isStopped) return answered(plugged);
  const byNumber = new Map((plugged.ok ? plugged.value : []).map((vcpu) => [vcpu.number, vcpu]));
  const lists = cpumapsToLists(cpumaps.value.maps, cpumaps.value.count);
  const value = Array.from({ length: count }, (_, vcpu): VcpuInfo => {
    const { state = 0, cpuTimeNs = 0, pcpu = -1 } = byNumber.get(vcpu) ?? {};
    return {
      vcpu,
      state: state === 1 ? "running" : state === 2 ? "blocked" : "offline",
      cpuTimeMs: Math.round(cpuTimeNs / 1e6),
      pcpu: state > 0 && pcpu >= 0 ? pcpu : undefined,
      pcpus: lists[vcpu] ?? [],
    };
  });
  return { ok: true, value };
}

interface PlanRequest {
  readonly place: ChannelPlace;
  readonly count: number | undefined;
  readonly secure: boolean;
}

interface Planned {
  readonly xml: string;
  readonly definition: Definition;
  readonly plan: ChannelPlan;
}

/** Reads the definition and finds the channels that it lacks. */
async function planFor(
  rpc: Rpc,
  domain: DomainRef,
  { place, count, secure }: PlanRequest,
): Promise<Answered<Planned>> {
  const persistent = await rpc.call(CALL.isPersistent, message.persistentArgs(domain), message.readCount);
  if (!persistent.ok) return answered(persistent);
  // A transient domain has no definition: its creator gives it to libvirt at each start.
  if (persistent.value === 0)
    return refused(
      `"${domain.name}" has no definition in libvirt`,
      "add the devices to the program that starts the VM",
    );
  const text = await rpc.call(CALL.domainXml, message.definitionArgs(domain, { secure }), readXmlText);
  if (!text.ok) return answered(text);
  const read = readDefinition(text.value);
  if (!read.ok) return refused(`Cannot add to the definition of "${domain.name}": ${read.why}`);
  const definition = read.value;
  const wanted = Array.from({ length: count ?? definition.vcpus }, (_, number) => number);
  const missing = wanted.filter((number) => !definition.channels.has(number));
  const devices = missing.length === 0 ? "" : channelXml(place, missing, definition.controllers);
  const plan = { present: [...definition.channels].sort((a, b) => a - b), missing, devices };
  return success({ xml: text.value, definition, plan });
}

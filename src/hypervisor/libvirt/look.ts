import type { Domain } from "../../base/domain.ts";
import type { Ending } from "../../base/origin.ts";
import { CPUMAP_BYTES, cpumapsToLists } from "./cpumaps.ts";
import { readDomainXml } from "./domain-xml.ts";
import { type DomainRef, domainArgs, pinsArgs, readCpumaps, readState, readXmlText } from "./messages.ts";
import type { PidFiles } from "./pid-files.ts";
import { CALL, ERROR } from "./protocol.ts";
import type { Failure, Rpc } from "./rpc.ts";
import { conditionOf } from "./words.ts";

/** The result of a look at one domain. */
export type Look =
  | { readonly kind: "active"; readonly id: number; readonly domain: Domain }
  /** It does not run; `ending` says why if libvirt still knows. */
  | { readonly kind: "gone"; readonly ending: Ending | undefined }
  /** It could not be read and must be looked at again. That is normal while it stops; its event follows. */
  | { readonly kind: "failed"; readonly reason: string; readonly mayPass: boolean }
  /** libvirt is gone or does not answer; everything will be looked at again. */
  | { readonly kind: "lost" };

/** Reads everything about one domain, with one call after the other, and its process. */
export async function lookAt(rpc: Rpc, ref: DomainRef, pidFiles: PidFiles): Promise<Look> {
  const state = await rpc.call(CALL.domainState, domainArgs(ref), readState);
  if (!state.ok) return without(state.why);
  const condition = conditionOf(state.value.state, state.value.reason);
  if (condition.state === "stopped") return { kind: "gone", ending: condition.ending };

  const text = await rpc.call(CALL.domainXml, domainArgs(ref), readXmlText);
  if (!text.ok) return without(text.why);
  const read = readDomainXml(text.value);
  if (!read.ok) return failed(`its XML has ${read.why}`);
  const xml = read.value;
  if (xml.id === undefined) return failed("libvirt says that it runs, but not in its XML", { mayPass: true });

  const cpumaps = await rpc.call(CALL.vcpuPins, pinsArgs(ref, xml.vcpus, CPUMAP_BYTES), readCpumaps);
  if (!cpumaps.ok) return without(cpumaps.why);
  const lists = cpumapsToLists(cpumaps.value.maps, cpumaps.value.count);
  if (Math.max(...xml.online) >= lists.length) {
    return failed(`libvirt gave ${lists.length} CPU maps for ${xml.vcpus} vCPUs`);
  }
  const pid = pidFiles.read(xml.name);
  const domain: Domain = {
    name: xml.name,
    uuid: ref.uuid,
    run: `${ref.uuid}:${xml.id}`,
    state: condition.state,
    origin: condition.origin,
    pins: lists.map((list, vcpu) => (xml.online.has(vcpu) ? list : [])),
    channels: xml.channels,
    ...(pid?.ok ? { pid: pid.value } : {}),
    ...(xml.threads === undefined ? {} : { threads: xml.threads }),
    ...(xml.contract === undefined ? {} : { contract: xml.contract }),
  };
  return { kind: "active", id: xml.id, domain };
}

function without(failure: Failure): Look {
  switch (failure.kind) {
    case "refused":
      // A domain may end between two calls.
      if (failure.code === ERROR.noDomain) return { kind: "gone", ending: undefined };
      return failed(failure.message, { mayPass: failure.code === ERROR.operationInvalid });
    case "slow":
      return failed("libvirt does not answer for it, though it does for others");
    case "silent":
    case "lost":
      return { kind: "lost" };
  }
}

function failed(reason: string, { mayPass } = { mayPass: false }): Look {
  return { kind: "failed", reason, mayPass };
}

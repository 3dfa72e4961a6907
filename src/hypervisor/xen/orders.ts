import { success } from "../../base/result.ts";
import { type Answered, type DomainOrders, refused, type VcpuInfo } from "../domain-orders.ts";
import { vcpuCount, type XenDomains } from "./hypercalls.ts";

/** A running domain, and the way to ask Xen about it. */
interface Reached {
  readonly id: number;
  readonly xen: XenDomains;
}

/** What orders about Xen's domains need. */
interface XenOrdersOptions {
  /** Undefined if Xen runs no domain of that name. */
  readonly reach: (domain: string) => Reached | undefined;
  /** Called after a domain was changed. */
  readonly changed: (domain: string) => void;
}

const NO_DOMAIN: Answered<never> = { ok: false, why: { kind: "noDomain" } };

/** xl keeps no definitions of domains: they are files of the operator. */
function noDefinition(domain: string, remedy: string): Answered<never> {
  return refused(`Xen has no definition of "${domain}" that could be changed`, remedy);
}

/** Questions and orders about Xen's running domains. */
export function xenOrders({ reach, changed }: XenOrdersOptions): DomainOrders {
  return {
    async vcpus(domain) {
      const found = reach(domain);
      return found === undefined ? NO_DOMAIN : vcpusOf(found);
    },
    async pinVcpu(domain, { vcpu, pcpus }, { config }) {
      if (config) return noDefinition(domain, "write cpus= into its configuration file");
      const found = reach(domain);
      if (found === undefined) return NO_DOMAIN;
      const errno = found.xen.pin(found.id, vcpu, pcpus);
      if (errno !== undefined) return refused(`Xen refuses: ${errno}`);
      changed(domain);
      return success(undefined);
    },
    async setVcpus(domain, count) {
      return refused("vm-power does not change the vCPUs of Xen's domains", `xl vcpu-set ${domain} ${count}`);
    },
    async planChannels({ vm }) {
      return noDefinition(vm, `vmpowerctl channel-config ${vm} --format xl`);
    },
    async addChannels({ vm }) {
      return noDefinition(vm, `vmpowerctl channel-config ${vm} --format xl`);
    },
    async planAttach(domain) {
      const remedy = `vmpowerctl channel-config ${domain} --format xl, then start it again`;
      return refused("Xen adds no channels to a running domain", remedy);
    },
  };
}

function vcpusOf({ id, xen }: Reached): Answered<readonly VcpuInfo[]> {
  const info = xen.one(id);
  if (info === undefined) return NO_DOMAIN;
  const value = Array.from({ length: vcpuCount(info) }, (_, vcpu): VcpuInfo => {
    const state = xen.vcpu(id, vcpu);
    const isOnline = state?.online === true;
    return {
      vcpu,
      state: !isOnline ? "offline" : state.running ? "running" : "blocked",
      cpuTimeMs: Math.round((state?.cpuTimeNs ?? 0) / 1e6),
      pcpu: isOnline ? state.pcpu : undefined,
      pcpus: xen.affinity(id, vcpu) ?? [],
    };
  });
  return success(value);
}

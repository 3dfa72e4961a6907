import { type Control, ControlError } from "../admin/control.ts";
import { CPU_NUMBER_END, formatCpuList } from "../base/cpu-list.ts";
import type { Affected, Answered } from "../hypervisor/domain-orders.ts";
import type { Parts } from "./control.ts";

/** vCPUs that may be named; no hypervisor has more. */
const VCPU_END = 4096;

type Orders = Pick<Control, "ListVcpus" | "PinVcpu" | "SetVcpus">;

/** What operators ask and order of the hypervisor. */
export function domainOrders(parts: () => Parts): Orders {
  return {
    async ListVcpus({ vm }) {
      return { vcpus: answeredValue(vm, await parts().hypervisor.orders.vcpus(vm)) };
    },
    async PinVcpu({ vm, vcpu, pcpus, live, config }) {
      check("vcpu", vcpu >= 0 && vcpu < VCPU_END);
      check("pcpus", pcpus.length > 0 && pcpus.every((pcpu) => pcpu >= 0 && pcpu < CPU_NUMBER_END));
      const { events, hypervisor } = parts();
      answeredValue(vm, await hypervisor.orders.pinVcpu(vm, { vcpu, pcpus }, { live, config }));
      const where = `CPU ${formatCpuList(pcpus)}`;
      events.tell("operator", `${vm}: vCPU ${vcpu} on ${where}${scope({ live, config })}`, { vm, vcpu });
      return {};
    },
    async SetVcpus({ vm, count, live, config }) {
      check("count", count > 0 && count <= VCPU_END);
      const { events, hypervisor } = parts();
      answeredValue(vm, await hypervisor.orders.setVcpus(vm, count, { live, config }));
      events.tell("operator", `${vm}: ${count} vCPUs${scope({ live, config })}`, { vm });
      return {};
    },
  };
}

function check(parameter: string, holds: boolean): void {
  if (!holds) throw new ControlError("InvalidParameter", { parameter });
}

/** The hypervisor's answer; a refusal is thrown in its words. */
export function answeredValue<T>(vm: string, answer: Answered<T>): T {
  if (answer.ok) return answer.value;
  if (answer.why.kind === "noDomain") throw new ControlError("NoSuchVm", { vm });
  const { reason, remedy } = answer.why;
  throw new ControlError("Refused", { reason, remedy });
}

function scope({ live, config }: Affected): string {
  const named = [live ? "live" : "", config ? "config" : ""].filter((word) => word !== "");
  return named.length === 0 ? "" : ` (${named.join(", ")})`;
}

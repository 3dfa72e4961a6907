import { type Control, ControlError } from "../../admin/control.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Affected, Answered } from "../../hypervisor/domain-orders.ts";
import type { Parts } from "../parts.ts";

type Orders = Pick<Control, "ListVcpus" | "PinVcpu" | "SetVcpus">;

/** What operators ask and order of the hypervisor. */
export function domainOrders(parts: () => Parts): Orders {
  return {
    async ListVcpus({ vm }) {
      return { vcpus: answeredValue(vm, await parts().hypervisor.orders.vcpus(vm)) };
    },
    async PinVcpu({ vm, vcpu, pcpus, live, config }, caller) {
      if (pcpus.length === 0) throw new ControlError("InvalidParameter", { parameter: "pcpus" });
      const { acts, hypervisor } = parts();
      answeredValue(vm, await hypervisor.orders.pinVcpu(vm, { vcpu, pcpus }, { live, config }));
      const where = `CPU ${formatCpuList(pcpus)}`;
      acts.tell(caller, `pinned vCPU ${vcpu} of ${vm} to ${where}${scope({ live, config })}`, { vm, vcpu });
      return {};
    },
    async SetVcpus({ vm, count, live, config }, caller) {
      const { acts, hypervisor } = parts();
      answeredValue(vm, await hypervisor.orders.setVcpus(vm, count, { live, config }));
      acts.tell(caller, `set ${vm} to ${count} vCPUs${scope({ live, config })}`, { vm });
      return {};
    },
  };
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

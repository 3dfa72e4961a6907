import { type Control, ControlError } from "../../admin/control.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Affected, Answered, DomainOrders } from "../../hypervisor/domain-orders.ts";
import type { Parts } from "../parts.ts";

type Orders = Pick<Control, "ListVcpus" | "PinVcpu" | "SetVcpus" | "GetAttachPlan" | "AttachChannels">;

/** The methods that use the hypervisor's orders. */
export function domainOrders(parts: () => Parts): Orders {
  return {
    async ListVcpus({ vm }) {
      return { vcpus: answeredValue(vm, await ordersOf(parts()).vcpus(vm)) };
    },
    async PinVcpu({ vm, vcpu, pcpus, live, config }, caller) {
      if (pcpus.length === 0) throw new ControlError("InvalidParameter", { parameter: "pcpus" });
      const { acts } = parts();
      answeredValue(vm, await ordersOf(parts()).pinVcpu(vm, { vcpu, pcpus }, { live, config }));
      const where = `CPU ${formatCpuList(pcpus)}`;
      acts.report(caller, `pinned vCPU ${vcpu} of ${vm} to ${where}${scope({ live, config })}`, { vm, vcpu });
      return {};
    },
    async SetVcpus({ vm, count, live, config }, caller) {
      const { acts } = parts();
      answeredValue(vm, await ordersOf(parts()).setVcpus(vm, count, { live, config }));
      acts.report(caller, `set ${vm} to ${count} vCPUs${scope({ live, config })}`, { vm });
      return {};
    },
    async GetAttachPlan({ vm, channels, config }) {
      const plan = await ordersOf(parts()).planAttach(vm, { channels, config });
      const { present, missing, devices } = answeredValue(vm, plan);
      return { present, missing, text: devices };
    },
    async AttachChannels({ vm, channels, config }, caller) {
      const { acts, attachHelper, hypervisor } = parts();
      const reply = answeredValue(vm, await attachHelper.attach({ vm, channels, config }));
      hypervisor.lookAgain(vm);
      const which = formatCpuList(reply.attached) || "none";
      acts.report(caller, `attached channels ${which} to ${vm}${scope({ live: true, config })}`, { vm });
      return reply;
    },
  };
}

/** Returns the hypervisor's orders; throws a refusal if it takes none. */
export function ordersOf({ hypervisor }: Pick<Parts, "hypervisor">): DomainOrders {
  if (hypervisor.orders !== undefined) return hypervisor.orders;
  const { driver } = hypervisor.status();
  const remedy = "change the configuration, then systemctl reload vm-power";
  throw new ControlError("Refused", {
    reason: `With Driver=${driver} there is no hypervisor to query or change`,
    remedy,
  });
}

/** Waits for the hypervisor's answer; throws its refusal. */
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

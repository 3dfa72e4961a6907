import type { Holder } from "../../arbiter/view.ts";

/** Names the holder of a setting: `web1:0`, `web1:CPU 5`, `operator`. */
export function holderText(holder: Holder): string {
  switch (holder.kind) {
    case "vcpu":
      return `${holder.vm}:${holder.vcpu}`;
    case "pcpu":
      return `${holder.vm}:CPU ${holder.pcpu}`;
    case "operator":
      return "operator";
    case "parking":
      return "parking";
    case "thread":
      return `${holder.thread} of ${holder.vm}`;
    case "schedule":
      return `schedule ${holder.name}`;
  }
}

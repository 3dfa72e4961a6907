import { EXIT } from "../../terminal/exit-code.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpuArgument, vcpuArgument } from "../arguments.ts";
import type { Verb } from "../verb.ts";
import { whyText } from "../why/clock-text.ts";
import { whyVcpuText } from "../why/vcpu-text.ts";

/** `why`: who asked what, what was granted, and which rule bounded it. */
export const WHY: Verb = {
  name: "why",
  summary: "Explain why a CPU or a vCPU runs as it does",
  arguments: [
    { name: "which", required: true, doc: "a CPU like 7 or cpu7, or a vCPU like web1:0", kind: "cpu" },
  ],
  examples: [
    ["why cpu7", "who asked what, and what was granted"],
    ["why web1:0", "what this vCPU asked, and what bounds it"],
  ],
  async run({ call, show, style, io }, { arguments: [which = ""] }) {
    const vcpu = vcpuArgument(which);
    if (vcpu === undefined) {
      const reply = await call("Explain", { cpu: cpuArgument(which) });
      show(reply, () => whyText(reply, { style, width: textWidth(io) }));
    } else {
      const reply = await call("ExplainVcpu", vcpu);
      show(reply, () => whyVcpuText(reply, { style, width: textWidth(io) }));
    }
    return EXIT.ok;
  },
};

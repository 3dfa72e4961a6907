import { EXIT, type ExitCode } from "../../terminal/exit-code.ts";
import { printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { cpuOrNameArgument, vcpuArgument } from "../arguments.ts";
import { pastOf } from "../moment-argument.ts";
import type { Context, Verb } from "../verb.ts";
import { whyText } from "../why/clock-text.ts";
import { vcpuFacts, whyVcpuText } from "../why/vcpu-text.ts";
import { whyThen } from "../why/why-then.ts";

/** Verb `why`: who asked for what, what was granted, and which rule limited it. */
export const WHY: Verb = {
  name: "why",
  summary: "Explain why a CPU, a vCPU or a VM runs as it does",
  arguments: [
    {
      name: "which",
      required: true,
      doc: "a CPU like 7 or cpu7, a vCPU like web1:0, or a VM like web1",
      kind: "cpu",
    },
  ],
  options: [
    {
      flag: "--at",
      doc: "as it was then: 03:10, 2026-11-28 03:10, or 2h ago",
      value: { name: "time", kind: "text" },
    },
  ],
  examples: [
    ["why cpu7", "who asked what, and what was granted"],
    ["why web1:0", "what this vCPU asked, and what bounds it"],
    ["why web1", "each vCPU of this VM, in short"],
    ["why web1:0 --at 03:10", "what it had then, and who caused it"],
  ],
  async run(context, { arguments: [which = ""], values }) {
    const { call, show, style, io } = context;
    const atMs = pastOf(values, "--at", Date.now());
    if (atMs !== undefined) return whyThen(context, which, atMs);
    const look = { style, width: textWidth(io) };
    const vcpu = vcpuArgument(which);
    if (vcpu !== undefined) {
      const reply = await call("ExplainVcpu", vcpu);
      show(reply, () => whyVcpuText(reply, look));
      return EXIT.ok;
    }
    const cpu = cpuOrNameArgument(which);
    if (typeof cpu === "string") return whyVm(context, cpu);
    const reply = await call("Explain", { cpu });
    show(reply, () => whyText(reply, look));
    return EXIT.ok;
  },
};

/** Explains each vCPU of a VM, without its clocks; with JSON one object per vCPU. */
async function whyVm({ call, show, style, io, json }: Context, name: string): Promise<ExitCode> {
  const { vm } = await call("ShowVm", { vm: name });
  const look = { style, width: textWidth(io) };
  const texts: string[] = [];
  for (const { vcpu } of vm.vcpus) {
    const reply = await call("ExplainVcpu", { vm: name, vcpu });
    if (json) show(reply, () => "");
    else texts.push(vcpuFacts(reply, look));
  }
  const none = `VM ${printable(name)} has no vCPUs: ${printable(vm.detail === "" ? vm.state : vm.detail)}`;
  if (!json) io.stdout.write(`${texts.length === 0 ? none : texts.join("\n\n")}\n`);
  return EXIT.ok;
}

import { numberOf } from "../../terminal/command-line.ts";
import type { Command } from "./command.ts";

/** Command `set_pcpu`: like DPDK's host, it pins in the running VM and in its definition. */
export const PIN_COMMAND: Command = {
  name: "set_pcpu",
  help: "set_pcpu <vm_name> <vcpu> <pcpu>, pin a vCPU",
  tokens: ["vm", "number", "number"],
  async run(prompt, [vm = "", ...numbers]) {
    const [vcpu = 0, pcpu = 0] = numbers.map(numberOf);
    const isKnown = (await prompt.vm(vm)) !== undefined;
    const order = { vm, vcpu, pcpus: [pcpu], live: true, config: true };
    const done = isKnown && (await prompt.attempt(() => prompt.call("PinVcpu", order)));
    // DPDK's host prints this closing bracket without an opening one.
    prompt.say(`${done ? "Pinned" : "Unable to pin"} vCPU(${vcpu}) to pCPU core ${pcpu})`);
  },
};

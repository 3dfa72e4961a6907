import { numberOf } from "../../terminal/command-line.ts";
import type { Command } from "./command.ts";

/** `set_pcpu`: the peer pins in the VM that runs and in its definition. */
export const PIN_COMMAND: Command = {
  name: "set_pcpu",
  help: "set_pcpu <vm_name> <vcpu> <pcpu>, pin a vCPU",
  tokens: ["vm", "number", "number"],
  async run(prompt, [vm = "", ...numbers]) {
    const [vcpu = 0, pcpu = 0] = numbers.map(numberOf);
    const isKnown = (await prompt.vm(vm)) !== undefined;
    const order = { vm, vcpu, pcpus: [pcpu], live: true, config: true };
    const done = isKnown && (await prompt.attempt(() => prompt.call("PinVcpu", order)));
    // The peer prints this closing bracket without an opening one.
    prompt.say(`${done ? "Pinned" : "Unable to pin"} vCPU(${vcpu}) to pCPU core ${pcpu})`);
  },
};

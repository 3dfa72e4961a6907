import type { Channel } from "../../admin/control-types.ts";
import type { Command } from "./command.ts";
import type { Prompt } from "./prompt.ts";

/** Commands `add_vm`, `rm_vm`, `show_vm`, `set_query`. */
export const VM_COMMANDS: readonly Command[] = [
  {
    name: "add_vm",
    help: "add_vm <vm_name>, serve its guest",
    tokens: ["vm"],
    async run(prompt, [vm = ""]) {
      if (!(await addVm(prompt, vm))) prompt.say(`Unable to add VM '${vm}'`);
    },
  },
  {
    name: "rm_vm",
    help: "rm_vm <vm_name>, stop serving it",
    tokens: ["vm"],
    async run(prompt, [vm = ""]) {
      if (!(await removeVm(prompt, vm))) prompt.say(`Unable to remove VM '${vm}'`);
    },
  },
  {
    name: "show_vm",
    help: "show_vm <vm_name>, its channels and vCPUs",
    tokens: ["vm"],
    run: (prompt, [vm = ""]) => showVm(prompt, vm),
  },
  {
    name: "set_query",
    help: "set_query <vm_name> enable|disable",
    tokens: ["vm", ["enable", "disable"]],
    async run(prompt, [vm = "", word = ""]) {
      const enabled = word === "enable";
      const isKnown = (await prompt.vm(vm)) !== undefined;
      if (isKnown && (await prompt.attempt(() => prompt.call("SetQuery", { vm, enabled })))) return;
      prompt.say(`Unable to ${enabled ? "allow" : "disallow"} query for VM '${vm}'`);
    },
  },
];

async function addVm(prompt: Prompt, vm: string): Promise<boolean> {
  if (prompt.added.has(vm)) {
    prompt.explain(`VM "${vm}" was added already`);
    return false;
  }
  // "vmpowerctl add-vm" also accepts VMs that do not exist yet; DPDK's host accepts only existing ones.
  const isKnown = await prompt.attempt(() => exists(prompt, vm));
  if (!isKnown || !(await prompt.attempt(() => prompt.call("AddVm", { vm })))) return false;
  prompt.added.set(vm, new Set());
  return true;
}

/** Whether the daemon or the hypervisor knows the VM. DPDK's host also adds VMs that do not run. */
async function exists({ call }: Prompt, vm: string): Promise<unknown> {
  return call("ShowVm", { vm }).catch((unknown) =>
    call("ListVcpus", { vm }).catch(() => {
      throw unknown;
    }),
  );
}

async function removeVm(prompt: Prompt, name: string): Promise<boolean> {
  const vm = await prompt.vm(name);
  if (vm === undefined) return false;
  const active = vm.channels.filter(({ status }) => status === "connected" || status === "disabled").length;
  if (active > 0) {
    prompt.explain(`there are ${active} channels still active`);
    return false;
  }
  if (!(await prompt.attempt(() => prompt.call("RemoveVm", { vm: name })))) return false;
  prompt.added.delete(name);
  return true;
}

/** The word of DPDK's prompt for the status of a channel. It has none for refused ones. */
const STATUS: { readonly [Status in Channel["status"]]: string | undefined } = {
  connected: "CONNECTED",
  connecting: "DISCONNECTED",
  disabled: "DISABLED",
  refused: undefined,
};

async function showVm(prompt: Prompt, name: string): Promise<void> {
  const vm = await prompt.vm(name);
  if (vm === undefined) return;
  const channels = vm.channels.filter(({ status }) => STATUS[status] !== undefined);
  prompt.say(`VM: '${vm.name}', status = ${vm.state === "absent" ? "INACTIVE" : "ACTIVE"}`);
  prompt.say(`Channels ${channels.length}`);
  channels.forEach(({ path, status }, index) => {
    prompt.say(`  [${index}]: ${path}, status = ${STATUS[status]}`);
  });
  const online = vm.vcpus.filter(({ pcpus }) => pcpus.length > 0);
  prompt.say(`Virtual CPU(s): ${online.length}`);
  // If a vCPU may run on several CPUs, DPDK's host shows the one with the highest number.
  for (const { vcpu, pcpus } of online) prompt.say(`  [${vcpu}]: Physical CPU ${Math.max(...pcpus)}`);
}

import type { Argument } from "./verb.ts";

/** The argument that names a VM. */
export const VM: Argument = {
  name: "vm",
  required: true,
  doc: "name of the VM, as libvirt knows it",
  kind: "vm",
};

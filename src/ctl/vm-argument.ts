import type { Argument } from "./verb.ts";

/** The VM that a command is about. */
export const VM: Argument = {
  name: "vm",
  required: true,
  doc: "name of the VM, as libvirt knows it",
  kind: "vm",
};

import { VM_NAME_BYTES_MAX, vmNameFault } from "../base/vm-name.ts";
import { UsageError } from "../terminal/exit-code.ts";
import { quoted } from "../terminal/text.ts";
import type { Argument, Given, Verb } from "./verb.ts";

/** The argument that names a VM. */
export const VM: Argument = {
  name: "vm",
  required: true,
  doc: "name of the VM, as libvirt knows it",
  kind: "vm",
};

/** Returns the name of a VM that the host need not have yet. Throws if no VM can have it. */
export function possibleName(vm: string): string {
  const fault = vmNameFault(vm);
  if (fault !== undefined) throw new UsageError(`No VM can be called ${quoted(vm)}: ${fault}`);
  return vm;
}

/** The most bytes of all arguments and values together: more do not fit into a call. */
const ARGUMENTS_BYTES_MAX = 48 * 1024;

/** Throws if no daemon could accept these arguments: they are too long, or the name of a VM is empty or too long. */
export function judgeArguments(verb: Verb, given: Given): void {
  const texts = [...given.arguments, ...given.values.values()].map((text) => text ?? "");
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  // Its arguments are a command's, which the daemon is not sent.
  if (bytes > ARGUMENTS_BYTES_MAX && verb.name !== "run")
    throw new UsageError(`The arguments have ${bytes} bytes: shorten them to at most ${ARGUMENTS_BYTES_MAX}`);
  for (const [index, { kind }] of verb.arguments.entries()) {
    const name = given.arguments[index];
    if (kind !== "vm" || name === undefined) continue;
    if (name === "") throw new UsageError("The name of the VM is empty: vmpowerctl list shows all VMs");
    if (Buffer.byteLength(name) > VM_NAME_BYTES_MAX)
      throw new UsageError(
        `${quoted(name)} is too long for the name of a VM: at most ${VM_NAME_BYTES_MAX} bytes are possible`,
      );
  }
}

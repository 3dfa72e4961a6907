import { vmNameFault } from "../../base/vm-name.ts";
import type { QemuProcess } from "./examine.ts";

/** Characters of a UUID that tell VMs of one name apart. */
const UUID_CHARACTERS = 8;

/** The name of a VM whose QEMU was started without one. */
const NAMELESS = "qemu";

/**
 * Names for a VM, the preferred one first; no two processes have the last one in common. On the host itself the operator
 * names VMs, so the name that QEMU was given comes first. In a container anybody may have chosen it: there it always
 * carries a part of the UUID, so that a VM keeps its name whatever others are called.
 */
export function namesFor({ name, uuid, isContained }: QemuProcess, pid: number): string[] {
  const isUsable = name !== undefined && vmNameFault(`${name}@${pid}`) === undefined;
  const base = isUsable ? name : NAMELESS;
  const own = isUsable && !isContained ? [base] : [];
  const byUuid = uuid === undefined ? [] : [`${base}@${uuid.slice(0, UUID_CHARACTERS)}`];
  return [...own, ...byUuid, `${base}@${pid}`].filter((each) => vmNameFault(each) === undefined);
}

import { failure, type Result, success } from "../../base/result.ts";
import type { OwnEnergy } from "../../wire/reply.ts";
import type { Parts } from "../parts.ts";

/**
 * What a guest may know of the energy of its VM, or why it may not. The account is read at intervals of at least a
 * second, and only whole joules and seconds are told, so that no neighbour's work shows in them.
 */
export function ownEnergy(
  vm: string,
  { energy, vms }: Pick<Parts, "energy" | "vms">,
): Result<OwnEnergy, string> {
  if (!vms.contracts.values(vm).energy)
    return failure(`its contract does not allow it (set Energy=yes in [vm ${vm}])`);
  if (energy === undefined) return failure("no account of energy is kept (set Meters=auto in [energy])");
  const { total } = energy.account.state;
  return success({
    joules: Math.floor(total.vms.get(vm)?.joules ?? 0),
    second: Math.floor(total.toMs / 1000),
    metered: energy.meters.used.length > 0,
  });
}

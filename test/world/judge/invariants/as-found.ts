import { FIGHTS_MAX } from "../host-memory.ts";
import type { Invariant } from "../invariant.ts";
import { isAsFound } from "../policies.ts";

export const asFound: Invariant = {
  name: "as-found",
  says: "After a stop, and after a crash and the restore, every CPU is as it was found",
  restored(world) {
    const { model } = world.judge;
    for (const policy of world.kernel.policies()) {
      const { isDirty, fights } = model.memoryOf(policy);
      if (isDirty || fights > FIGHTS_MAX || policy.refuses !== undefined || isAsFound(world, policy))
        continue;
      if (world.disk.faults.size > 0) continue;
      const is = JSON.stringify(policy.state);
      return `${policy.name} is left at ${is}, and was found at ${JSON.stringify(model.memoryOf(policy).found)}`;
    }
    return undefined;
  },
};

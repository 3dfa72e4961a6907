import type { Invariant } from "../invariant.ts";
import { differs } from "../policies.ts";

export const rightSpeed: Invariant = {
  name: "right-speed",
  says: "A clock that the daemon wrote to has the highest want on it, or is as found; in calm weather every clock",
  settled(world, policies) {
    if (!world.service.isRunning || world.service.program?.isAlive !== true) return undefined;
    for (const policy of policies) {
      const why = policy.isThere ? differs(world, policy) : undefined;
      if (why !== undefined) return why;
    }
    return undefined;
  },
  calm(world) {
    for (const policy of world.kernel.policies()) {
      const why = differs(world, policy);
      if (why !== undefined) return why;
    }
    return undefined;
  },
};

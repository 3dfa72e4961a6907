import type { Invariant } from "../invariant.ts";

export const ownCpus: Invariant = {
  name: "own-cpus",
  says: "While a guest's bytes are handled, no CPU changes but those under its own vCPUs",
  wrote(world, { policy, by, during }) {
    if (by === undefined || during === undefined) return undefined;
    const { model } = world.judge;
    if (policy.cpus.some((cpu) => model.mayRunOn(during, model.clockOf(cpu)))) return undefined;
    return `${policy.name} was written while a packet of ${during} was handled, which cannot run there`;
  },
};

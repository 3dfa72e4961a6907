import type { Invariant } from "../invariant.ts";

export const asked: Invariant = {
  name: "asked",
  says: "Until somebody asks, nothing is written",
  wrote(world, { policy, by }) {
    if (by === undefined || world.judge.anyAsked) return undefined;
    return `${policy.name} was written before anybody had asked for anything`;
  },
};

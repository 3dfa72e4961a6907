import type { Invariant } from "../invariant.ts";

export const steadyRestart: Invariant = {
  name: "steady-restart",
  says: "A restart moves no clock",
  wrote(world, { policy, by, file, text }) {
    const before = world.restarting?.get(policy);
    if (by === undefined || before === undefined || before === JSON.stringify(policy.state)) return undefined;
    // What was left to another program is taken back by the next daemon.
    if (world.judge.model.memoryOf(policy).fights > 3) return undefined;
    return `${policy.name}/${file} was changed to "${text}" during a restart in which nothing else happened`;
  },
};

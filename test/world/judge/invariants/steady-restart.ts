import type { Invariant } from "../invariant.ts";

export const steadyRestart: Invariant = {
  name: "steady-restart",
  says: "A restart moves no clock",
  wrote(world, { policy, by, file, text }) {
    const before = world.restarting?.get(policy);
    if (by === undefined || before === undefined || before === JSON.stringify(policy.state)) return undefined;
    const { model } = world.judge;
    // What was left to another program is taken back by the next daemon. An order for a clock of which a CPU is offline
    // may count for it or not.
    const isOrderUnsure = (model.holds.get(model.clockOf(policy.cpus[0] ?? 0))?.length ?? 1) > 1;
    if (model.memoryOf(policy).fights > 3 || isOrderUnsure) return undefined;
    return `${policy.name}/${file} was changed to "${text}" during a restart in which nothing else happened`;
  },
};

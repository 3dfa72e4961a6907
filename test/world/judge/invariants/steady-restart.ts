import type { Invariant } from "../invariant.ts";

export const steadyRestart: Invariant = {
  name: "steady-restart",
  says: "A restart moves no clock",
  wrote(world, { policy, by, file, text }) {
    const { restarting } = world;
    const before = restarting?.before.get(policy);
    if (
      by === undefined ||
      restarting === undefined ||
      before === undefined ||
      before === JSON.stringify(policy.state)
    )
      return undefined;
    const { model } = world.judge;
    // What was left to another program is taken back by the next daemon. An order for a clock of which a CPU is offline
    // may count for it or not.
    const clock = model.clockOf(policy.cpus[0] ?? 0);
    const isOrderUnsure = model.orders.at(clock, world.timeline.nowMs).size > 1;
    const isForgotten = restarting.isUpgrade && model.hasPolicies(clock);
    if (model.isFought(policy) || isOrderUnsure || isForgotten) return undefined;
    if (model.turnsIn(clock, restarting.sinceMs)) return undefined;
    return `${policy.name}/${file} was changed to "${text}" during a restart in which nothing else happened`;
  },
};

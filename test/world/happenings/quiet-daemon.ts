import type { World } from "../world.ts";
import { happening } from "./happening.ts";

/** What the daemon goes through while nothing else happens. */
export const QUIET_DAEMON = {
  /** Nothing but a restart happens. */
  quietRestart: happening("quiet restart", 0, (world) => restart(world, { isUpgrade: false })),
  /** The daemon before was the first version. */
  quietUpgrade: happening("quiet upgrade", 0, (world) => restart(world, { isUpgrade: true })),
  afterRestart: happening("after the restart", 0, (world) => {
    if (world.restarting === undefined) return undefined;
    world.restarting = undefined;
    world.judge.model.settle();
    world.isFair = true;
    return "";
  }),
  quietStop: happening("quiet stop", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    world.service.stop();
    return "";
  }),
  quietStart: happening("quiet start", 0, (world) => {
    world.service.start();
    return "";
  }),
  quietCrash: happening("quiet crash", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    world.service.crash();
    return "";
  }),
  /** The kernel refuses what the next start restores, for some seconds. */
  quietRefusedRestore: happening("quiet refused restore", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    for (const policy of world.kernel.policies()) {
      policy.refuses = "EBUSY";
      world.judge.model.memoryOf(policy).isDirty = true;
      world.timeline.after(5000, () => {
        policy.refuses = undefined;
      });
    }
    world.service.crash();
    return "";
  }),
};

function restart(world: World, { isUpgrade }: { readonly isUpgrade: boolean }): string | undefined {
  if (!world.isFair || !world.service.isRunning) return undefined;
  const states = world.kernel.policies().map((policy) => [policy, JSON.stringify(policy.state)] as const);
  world.restarting = { sinceMs: world.timeline.nowMs, before: new Map(states), isUpgrade };
  world.service.restart({ wasOld: isUpgrade });
  return "";
}

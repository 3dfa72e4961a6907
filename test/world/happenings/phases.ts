import { callAll } from "../players/operator.ts";
import { happening } from "./happening.ts";

/** What operators ask in calm weather. */
const LOOKS = ["GetStatus", "ListVms", "ListCpus", "Verify", "ListHolds"];

/** The turns between storm and calm. */
export const PHASES = {
  /** All is healed. */
  calm: happening("calm", 0, (world) => {
    world.disturb();
    world.heal();
    return "";
  }),
  /** It was calm for long enough. */
  settle: happening("settle", 0, (world) => {
    callAll(world, LOOKS, (seen) => {
      world.judge.calm(seen);
      world.isDisputed = false;
      world.isFair = true;
      world.calms++;
    });
    return "";
  }),
  /** Nothing but a restart happens. */
  quietRestart: happening("quiet restart", 0, (world) => {
    if (!world.isFair || !world.service.isRunning) return undefined;
    world.restarting = new Map(
      world.kernel.policies().map((policy) => [policy, JSON.stringify(policy.state)]),
    );
    world.service.restart();
    return "";
  }),
  afterRestart: happening("after the restart", 0, (world) => {
    if (world.restarting === undefined) return undefined;
    world.restarting = undefined;
    world.judge.model.settle();
    world.isFair = true;
    return "";
  }),
  storm: happening("storm", 0, (world) => {
    world.disturb();
    return "";
  }),
};

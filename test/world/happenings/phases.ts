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
  storm: happening("storm", 0, (world) => {
    world.disturb();
    return "";
  }),
};

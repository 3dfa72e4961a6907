import type { Invariant } from "./invariant.ts";
import { answersInTime } from "./invariants/answers-in-time.ts";
import { asFound } from "./invariants/as-found.ts";
import { asked } from "./invariants/asked.ts";
import { granted } from "./invariants/granted.ts";
import { limits } from "./invariants/limits.ts";
import { nothingLeft } from "./invariants/nothing-left.ts";
import { ownCpus } from "./invariants/own-cpus.ts";
import { rightSpeed } from "./invariants/right-speed.ts";
import { steadyRestart } from "./invariants/steady-restart.ts";
import { tellsTruth } from "./invariants/tells-truth.ts";

/** Every promise that is judged. */
export const INVARIANTS: readonly Invariant[] = [
  ...[ownCpus, rightSpeed, granted, asked, asFound, steadyRestart, answersInTime, limits, tellsTruth],
  ...[nothingLeft],
];

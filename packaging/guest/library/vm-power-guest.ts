/** What the package vm-power-guest offers. */
export type { Places } from "../../../src/guest/library/choose.ts";
export { ENVIRONMENTS, type EnvironmentName, LCORE_END } from "../../../src/guest/library/environment.ts";
export { POLICY_TYPES, type Policy, WORKLOADS } from "../../../src/guest/library/guest-policy.ts";
export {
  type Failure,
  type FailureKind,
  type Outcome,
  returnValue,
} from "../../../src/guest/library/outcome.ts";
export { openPower, type Power, type PowerOptions } from "../../../src/guest/library/power.ts";
export type { OwnEnergy } from "../../../src/wire/reply.ts";

import type { ScalingDriver } from "../driver.ts";
import { intelSpeeds } from "./intel-pstate.ts";

/**
 * intel_pstate in its passive mode, which the peer does not know. With hardware P-states a speed that is set is only a
 * floor, so both limits carry it: the userspace governor then keeps whatever was set before inside them. The ladder is
 * intel_pstate's, so that a guest finds the same speeds in either mode.
 */
export const intelCpufreq: ScalingDriver = { governor: "userspace", files: "min-max", speeds: intelSpeeds };

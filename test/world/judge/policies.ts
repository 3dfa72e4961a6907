import type { Policy } from "../machine/kernel-policy.ts";
import type { World } from "../world.ts";

/** How a policy differs from what is possible; undefined if it does not, or if nothing certain can be said of it. */
export function differs(world: World, policy: Policy): string | undefined {
  const { judge, kernel } = world;
  const { model } = judge;
  if (model.memoryOf(policy).isDirty || model.isFought(policy)) return undefined;
  if (model.sharing(policy).some(({ refuses }) => refuses !== undefined)) return undefined;
  const [cpu = 0] = policy.cpus;
  const possible = model.possible(model.clockOf(cpu));
  const { khz, isSet } = kernel.speedOf(policy);
  for (const setting of possible) {
    if (setting === "found" ? isAsFound(world, policy) : isSet && khz === reachable(world, policy, setting))
      return undefined;
  }
  const words = [...possible].map((setting) =>
    setting === "found" ? "as found" : `${model.table.khz[setting]} kHz`,
  );
  const is = `${policy.state.governor} ${policy.state.minKhz}-${policy.state.maxKhz}, ${khz} kHz`;
  return `${policy.name} is at ${is}, but should be ${words.join(" or ")} (${model.describe(model.clockOf(cpu))})`;
}

/** The speed that the kernel sets for an entry: acpi-cpufreq keeps it within limits that the daemon leaves alone. */
function reachable({ kernel, judge }: World, { state }: Policy, index: number): number | undefined {
  const { khz } = judge.model.table;
  if (kernel.hardware.driver === "intel_pstate") return khz[index];
  const bounded = Math.max(state.minKhz, Math.min(khz[index] ?? 0, state.maxKhz));
  return khz.findLast((entry) => entry >= bounded);
}

/** Whether a policy is as it was found, or as another program left it. */
export function isAsFound(world: World, { state, ...policy }: Policy): boolean {
  const { found } = world.judge.model.memoryOf(world.kernel.policyOf[policy.cpus[0] as number] as Policy);
  const isSame =
    state.governor === found.governor && state.minKhz === found.minKhz && state.maxKhz === found.maxKhz;
  return isSame && (state.governor !== "userspace" || state.setKhz === found.setKhz);
}

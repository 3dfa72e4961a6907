import { dynamicJoules, type PowerModel } from "./power-model.ts";
import type { Use } from "./use.ts";
import type { VmUse } from "./vm-use.ts";

/** What is to be shared out: an interval, what was measured in it, and who used the CPUs. */
export interface Expense {
  readonly seconds: number;
  /** Undefined if nothing was measured. */
  readonly joules: number | undefined;
  readonly vms: ReadonlyMap<string, VmUse>;
  /** Tasks of the host itself. */
  readonly host: Use;
}

/** Who used how many joules. Their sum is what was measured, or else what the model gives. */
export interface Shares {
  readonly joules: number;
  /** What the host would have drawn without any work. */
  readonly idle: number;
  readonly host: number;
  readonly vms: ReadonlyMap<string, number>;
}

/** Shares joules out in the proportions that the model gives. */
export function shareOut(model: PowerModel, { seconds, joules, vms, host }: Expense): Shares {
  const idle = model.staticW * seconds;
  const own = dynamicJoules(model, host);
  const each = [...vms].map(([vm, { use }]) => [vm, dynamicJoules(model, use)] as const);
  const modelled = each.reduce((sum, [, used]) => sum + used, idle + own);
  const total = joules ?? modelled;
  if (modelled <= 0)
    return { joules: total, idle: total, host: 0, vms: new Map(each.map(([vm]) => [vm, 0])) };
  const factor = total / modelled;
  return {
    joules: total,
    idle: idle * factor,
    host: own * factor,
    vms: new Map(each.map(([vm, used]) => [vm, used * factor])),
  };
}

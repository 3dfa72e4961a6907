import { terms, type Use } from "./use.ts";

/**
 * `P = staticW + Σ (linear · f + cubic · f³ + turboW)` over the CPUs that are busy, with f in GHz: what a host draws without
 * work, and what each busy CPU adds. The cubic term is the voltage that rises with the speed; turboW is added to one at
 * turbo, whose real speed differs from the one that is set.
 */
export interface PowerModel {
  readonly staticW: number;
  readonly linear: number;
  readonly cubic: number;
  readonly turboW: number;
}

/** What a CPU of a server takes by itself, where the host has not been measured: it decides shares only. */
const TYPICAL = { staticWPerCpu: 2, linear: 0.8, cubic: 0.3 };

/** The model of a host that has not been measured, with so many CPUs. */
export function typicalModel(cpus: number): PowerModel {
  const { staticWPerCpu, linear, cubic } = TYPICAL;
  return { staticW: staticWPerCpu * cpus, linear, cubic, turboW: 0 };
}

/** The joules that the model gives for work, without the static part. */
export function dynamicJoules({ linear, cubic, turboW }: PowerModel, use: Use): number {
  const [ghzS, ghz3S, turboS] = terms(use);
  return linear * ghzS + cubic * ghz3S + turboW * turboS;
}

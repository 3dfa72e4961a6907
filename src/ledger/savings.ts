import { BLOCKS_MIN, type Fit } from "./fit.ts";
import { dot, times } from "./matrix.ts";
import { dynamicJoules } from "./power-model.ts";
import { terms } from "./use.ts";
import type { Difference } from "./vm-use.ts";

/**
 * The standard error of a model that is of another form than the host: temperature, turbo, sockets that differ, and what a
 * cycle of one VM costs more than one of another. Parts of the sum of all terms, for a single VM and for all of them;
 * chosen so that the simulated hosts of the tests are covered.
 */
const MISFIT = { one: 0.16, all: 0.06 };

/** What was saved, with the ends of the interval that contains the truth in 95 of 100 cases. May be negative. */
export interface Saved {
  readonly joules: number;
  readonly low: number;
  readonly high: number;
}

/** The joules that were saved, where the fit is good enough to tell. */
export function savedJoules(
  fit: Fit | undefined,
  { more, slack }: Difference,
  of: keyof typeof MISFIT,
): Saved | undefined {
  if (fit === undefined || !fit.isGood || (more.turboS !== 0 && !fit.knowsTurbo)) return undefined;
  const { model, covariance, t } = fit;
  const joules = dynamicJoules(model, more);
  const direction = [0, ...terms(more)];
  const variance = Math.max(0, dot(direction, times(covariance, direction)));
  const { ghzS, ghz3S, turboS } = more;
  const parts = { ghzS: Math.abs(ghzS), ghz3S: Math.abs(ghz3S), turboS: Math.abs(turboS) };
  const misfit = MISFIT[of] * dynamicJoules({ ...model, turboW: Math.abs(model.turboW) }, parts);
  const half = t * Math.hypot(Math.sqrt(variance), misfit) + Math.abs(dynamicJoules(model, slack));
  return { joules, low: joules - half, high: joules + half };
}

/** Why it is not known what was saved, as the end of a sentence; `blocks` is for how many blocks the host was metered. */
export function unknownBecause(fit: Fit | undefined, blocks: number): string {
  if (blocks === 0) return "the host has no meter to fit the model with";
  if (blocks < BLOCKS_MIN)
    return `the host was metered for ${blocks} of at least ${BLOCKS_MIN} spans of ten minutes`;
  if (fit === undefined) return "the host always did the same, so nothing can be compared";
  if (fit.isGood) return "no CPU has run at turbo while the host was metered";
  const explained = Math.round(100 * Math.max(0, fit.explained));
  return `the model explains only ${explained} % of the changes in power, and errs by ${fit.residualW.toFixed(1)} W`;
}

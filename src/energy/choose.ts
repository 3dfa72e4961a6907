import type { Meter, MeterScope } from "./meter.ts";

/**
 * The meters of which each joule is counted once: those of all packages and their memory, else one of the machine, else
 * those of parts. The first meter of the same thing counts.
 */
export function choose(meters: readonly Meter[]): readonly Meter[] {
  const seen = new Set<string>();
  const distinct = meters.filter(({ measures }) => !seen.has(measures) && seen.add(measures));
  const of = (...scopes: readonly MeterScope[]) => distinct.filter(({ scope }) => scopes.includes(scope));
  if (of("package").length > 0) return of("package", "memory");
  const [machine] = of("machine");
  if (machine !== undefined) return [machine];
  return of("part", "memory");
}

/** The meters that an operator named, in his order, without those that another one of them contains. */
export function chooseNamed(meters: readonly Meter[], ids: readonly string[]): readonly Meter[] {
  const named = ids.flatMap((id) => meters.find((meter) => meter.id === id) ?? []);
  const has = (wanted: MeterScope) => named.some(({ scope }) => scope === wanted);
  return named.filter(({ scope }) => {
    if (scope === "part") return !has("machine") && !has("package");
    return scope === "machine" || scope === "other" || !has("machine");
  });
}

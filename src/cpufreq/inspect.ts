import type { Setting } from "../base/clock.ts";
import type { FileState } from "./cpufreq.ts";
import type { HeldClock } from "./held-clock.ts";
import type { HeldScope } from "./held-scope.ts";
import type { Expectation } from "./port.ts";

/**
 * What the settings of a clock should contain, and what they contain. Scopes that were never changed are left out.
 * `settled`: a difference that was read after our last write is the kernel's rounding.
 */
export function inspect(clock: HeldClock, setting: Setting, { settled }: { settled: boolean }): FileState[] {
  return clock.scopes.flatMap((scope) =>
    withExtras(scope, expected(scope, setting)).map(({ name, ours, fits }) => {
      // The open setting remembers what it contained after our write, which may be old.
      const found = scope.found.peek(name);
      const isRounding = settled && clock.held === setting && found === remembered(scope, name);
      const ok = fits === undefined ? found === ours || isRounding : fits(Number(found));
      const file = `${scope.found.label}/${name}`;
      const isOwed = clock.owesBaseline;
      return { pcpus: scope.found.pcpus, file, ours, found, ok, isLimit: fits !== undefined, isOwed };
    }),
  );
}

function expected({ found, originals }: HeldScope, setting: Setting): readonly Expectation[] {
  if (setting !== "baseline") return found.expected(setting);
  return Object.entries(originals ?? {}).map(([name, text]) => ({ name, ours: text.trimEnd() }));
}

/** The settings of knobs take the place of those with the same names. */
function withExtras({ extras }: HeldScope, others: readonly Expectation[]): readonly Expectation[] {
  const own = Object.entries(extras).map(([name, ours]) => ({ name, ours }));
  return [...others.filter(({ name }) => extras[name] === undefined), ...own];
}

function remembered({ open, seen }: HeldScope, name: string): string | undefined {
  if (seen[name] !== undefined) return seen[name];
  return open?.settings
    .find((setting) => setting.name === name)
    ?.text()
    .trimEnd();
}

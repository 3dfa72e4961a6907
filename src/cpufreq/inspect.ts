import type { Setting } from "../base/clock.ts";
import type { FileState } from "./cpufreq.ts";
import type { HeldClock, HeldScope } from "./held-clock.ts";
import type { Expectation } from "./port.ts";

/**
 * What the settings of a clock should say, and do; those of what was never changed are left out. `settled`: what was
 * read after our last write may be taken for what the kernel made of it.
 */
export function inspect(clock: HeldClock, setting: Setting, { settled }: { settled: boolean }): FileState[] {
  return clock.scopes.flatMap((scope) =>
    expected(scope, setting).map(({ name, ours, fits }) => {
      // Not what the open setting remembers: that is what it said after our write.
      const found = scope.found.peek(name);
      const isRounding = settled && clock.held === setting && found === remembered(scope, name);
      const ok = fits === undefined ? found === ours || isRounding : fits(Number(found));
      return { pcpus: scope.found.pcpus, file: `${scope.found.label}/${name}`, ours, found, ok };
    }),
  );
}

function expected({ found, originals }: HeldScope, setting: Setting): readonly Expectation[] {
  if (setting !== "baseline") return found.expected(setting);
  return Object.entries(originals ?? {}).map(([name, text]) => ({ name, ours: text.trimEnd() }));
}

function remembered({ open }: HeldScope, name: string): string | undefined {
  return open?.settings
    .find((setting) => setting.name === name)
    ?.text()
    .trimEnd();
}

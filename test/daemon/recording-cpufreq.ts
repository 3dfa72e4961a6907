import type { Clock, Setting } from "../../src/base/clock.ts";
import type { Cpufreq } from "../../src/cpufreq/cpufreq.ts";

/** Clocks that only record the writes. */
export function recordingCpufreq(clocks: readonly Clock[], written: Setting[]): Cpufreq {
  return {
    slow: false,
    clocks: () => clocks,
    unmanaged: () => [],
    uncores: () => [],
    apply({ setting }) {
      written.push(setting);
      return undefined;
    },
    async applySlow({ setting }) {
      written.push(setting);
      return undefined;
    },
    hold: async () => undefined,
    held: () => undefined,
    observe: () => undefined,
    inspect: () => [],
    refresh() {},
    close: () => [],
    closeSlow: async () => [],
    leave() {},
  };
}

import type { JournalNames } from "../port.ts";
import { isOriginal } from "./originals.ts";

/** The names that a cpufreq policy may have under the root. */
const POLICY_NAME = /^(?:cpufreq\/policy\d{1,5}|cpu\d{1,5}\/cpufreq)$/;

/** Whether a path under the root is that of a cpufreq policy. */
export function isPolicyName(name: string): boolean {
  return POLICY_NAME.test(name);
}

/** `cpufreq/policy2` has the file `policy2`, and `cpu2/cpufreq` has `cpu2`. */
export const JOURNAL_NAMES: JournalNames = {
  fileOf: (scope) => scope.replace(/^cpufreq\/|\/cpufreq$/, ""),
  scopeOf(file) {
    const scope = file.startsWith("policy") ? `cpufreq/${file}` : `${file}/cpufreq`;
    return isPolicyName(scope) ? scope : undefined;
  },
  isValue: isOriginal,
};

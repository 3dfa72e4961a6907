import type { JournalNames } from "../port.ts";
import { isOriginal } from "./originals.ts";

/** The possible names of a cpufreq policy under the root. */
const POLICY_NAME = /^(?:cpufreq\/policy\d{1,5}|cpu\d{1,5}\/cpufreq)$/;

/** Whether a path under the root is the name of a cpufreq policy. */
export function isPolicyName(name: string): boolean {
  return POLICY_NAME.test(name);
}

/** The file of `cpufreq/policy2` is `policy2`, that of `cpu2/cpufreq` is `cpu2`. */
export const JOURNAL_NAMES: JournalNames = {
  fileOf: (scope) => scope.replace(/^cpufreq\/|\/cpufreq$/, ""),
  scopeOf(file) {
    const scope = file.startsWith("policy") ? `cpufreq/${file}` : `${file}/cpufreq`;
    return isPolicyName(scope) ? scope : undefined;
  },
  isValue: isOriginal,
};

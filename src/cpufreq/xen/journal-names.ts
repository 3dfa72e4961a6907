import type { Pcpu } from "../../base/domain.ts";
import type { JournalNames } from "../port.ts";

/** The name of a policy's lowest CPU, under which the journal has the policy's settings. */
const SCOPE = /^xen-cpu(\d{1,5})$/;

/** What is saved of a policy: the governor, and the speed if the governor is userspace. */
type XenSettingName = "governor" | "speed";

const VALID: Readonly<Record<XenSettingName, RegExp>> = {
  governor: /^[\w.-]{1,16}$/,
  speed: /^\d{1,9}$/,
};

/** The name of a policy in the journal. */
export function scopeOf(pcpu: Pcpu): string {
  return `xen-cpu${pcpu}`;
}

/** The lowest CPU of a policy by its name in the journal. */
export function pcpuOf(scope: string): Pcpu | undefined {
  const match = SCOPE.exec(scope);
  return match === null ? undefined : Number(match[1]);
}

export const XEN_JOURNAL_NAMES: JournalNames = {
  fileOf: (scope) => scope,
  scopeOf: (file) => (SCOPE.test(file) ? file : undefined),
  isValue: (name, text) => (name === "governor" || name === "speed") && VALID[name].test(text),
};

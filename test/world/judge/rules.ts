import type { Table } from "./steps.ts";

// Guest policies, written down from vm-power-protocol(7), "GUEST POLICIES".

/** What a guest policy says. */
export type Rule =
  | { readonly kind: "workload"; readonly level: "high" | "medium" | "low" }
  | { readonly kind: "time"; readonly busy: ReadonlySet<number>; readonly quiet: ReadonlySet<number> };

/** The entries that a rule may want; undefined if it wants nothing. */
export function wantedBy(rule: Rule, table: Table, hoursOfWeek: Iterable<number>): Set<number | undefined> {
  const last = table.khz.length - 1;
  // Whether turbo is on depends on earlier requests.
  const tops = table.turbo === undefined ? [0] : [0, table.turbo.base];
  if (rule.kind === "workload")
    return new Set({ high: tops, medium: [table.khz.length >> 1], low: [last] }[rule.level]);
  const wanted = new Set<number | undefined>();
  for (const each of hoursOfWeek) {
    const hour = each % 24;
    for (const one of rule.busy.has(hour) ? tops : rule.quiet.has(hour) ? [last] : [undefined])
      wanted.add(one);
  }
  return wanted;
}

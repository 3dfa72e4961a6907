import type { Timeline } from "../machine/timeline.ts";
import type { Table } from "./steps.ts";

// Guest policies, written down from vm-power-protocol(7), "GUEST POLICIES".

/** What a guest policy says. */
export type Rule =
  | { readonly kind: "workload"; readonly level: "high" | "medium" | "low" }
  | { readonly kind: "time"; readonly busy: ReadonlySet<number>; readonly quiet: ReadonlySet<number> };

/** The daemon looks at the clock of the wall and at the zone at its heartbeat, every 7 s. */
const HEARTBEAT_MS = 8000;

const QUARTER_MS = 15 * 60_000;

/** The hours of a zone, as far as the daemon may know them. */
export class LocalHours {
  readonly #timeline: Timeline;
  readonly #format: Intl.DateTimeFormat;
  #last = { quarter: -1, hour: 0 };

  constructor(timeline: Timeline, zone: string) {
    this.#timeline = timeline;
    this.#format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" });
  }

  possible(): Set<number> {
    const { wallMs, nowMs, jump } = this.#timeline;
    const hours = new Set([this.#at(wallMs), this.#at(wallMs - HEARTBEAT_MS)]);
    if (nowMs - jump.atMs < HEARTBEAT_MS)
      hours.add(this.#at(wallMs - jump.byMs)).add(this.#at(wallMs - jump.byMs - HEARTBEAT_MS));
    return hours;
  }

  /** No zone has hours that begin within a quarter. */
  #at(wallMs: number): number {
    const quarter = Math.floor(wallMs / QUARTER_MS);
    if (quarter !== this.#last.quarter) this.#last = { quarter, hour: Number(this.#format.format(wallMs)) };
    return this.#last.hour;
  }
}

/** The entries that a rule may want; undefined if it wants nothing. */
export function wantedBy(rule: Rule, table: Table, hours: Iterable<number>): Set<number | undefined> {
  const last = table.khz.length - 1;
  // Whether turbo is on depends on earlier requests.
  const tops = table.turbo === undefined ? [0] : [0, table.turbo.base];
  if (rule.kind === "workload")
    return new Set({ high: tops, medium: [table.khz.length >> 1], low: [last] }[rule.level]);
  const wanted = new Set<number | undefined>();
  for (const hour of hours)
    for (const one of rule.busy.has(hour) ? tops : rule.quiet.has(hour) ? [last] : [undefined])
      wanted.add(one);
  return wanted;
}

import type { Weekday } from "../../src/base/weekday.ts";
import { domain } from "../arbiter/fixture.ts";

// Requests with a dwell and a lease, a policy, and schedules for the VM and for its CPU, over a year; beside them a VM that
// comes, moves, is paused and goes, and the parking of the CPU that it uses or not. The arbiter is told
// of the time when it says that it is due, and when the wall clock was set. The reference knows nothing of wants: it goes
// through the whole history again for each moment.

export const MINUTE_MS = 60_000;

export const DAY_MS = 24 * 60 * MINUTE_MS;

export const YEAR_MS = 365 * DAY_MS;

export const BEGIN_MS = Date.parse("2026-01-01T00:00:00Z");

/** The table of test/arbiter/fixture.ts, by what is wanted. */
export const KHZ = { max: 2_301_000, medium: 1_700_000, min: 1_200_000 } as const;

/** Where the other VM runs, and whether that may be CPU 1. */
export const NEIGHBOUR = {
  run: { domain: domain("b", [[1]]), uses: true },
  float: { domain: domain("b", [[1, 2]]), uses: true },
  pause: { domain: domain("b", [[1]], "paused"), uses: true },
  unserved: { domain: domain("b", [[2], [1]]), uses: true },
  move: { domain: domain("b", [[2]]), uses: false },
  stop: { domain: undefined, uses: false },
} as const;

type Want = "max" | "min";

export type Happening =
  | { readonly kind: "request"; readonly action: Want }
  | { readonly kind: "policy"; readonly on: boolean }
  | { readonly kind: "jump"; readonly byMs: number }
  | { readonly kind: "neighbour"; readonly does: keyof typeof NEIGHBOUR }
  | { readonly kind: "hypervisor"; readonly isThere: boolean };

export type Event = Happening & { readonly atMs: number };

export interface Plan {
  readonly zone: string;
  readonly days: readonly Weekday[];
  readonly hours: readonly number[];
  readonly want: Want;
}

export type Speed = number | "baseline" | "parked";

export interface World {
  readonly forVm: Plan;
  readonly forCpu: Plan;
  readonly minDwellMs: number;
  readonly leaseSec: number;
  readonly parkAfterMs: number;
  readonly events: readonly Event[];
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a calendar of the zone shows, found without the code under test. */
function holds({ zone, days, hours }: Plan, wallMs: number): boolean {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      hour: "numeric",
      hour12: false,
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
  return hours.includes(Number(parts["hour"]) % 24) && days.some((day) => day === parts["weekday"]);
}

/** What the requests of the guest want at a time, from all of them; undefined if it has none in force. */
function requested({ events, minDwellMs, leaseSec }: World, atMs: number): Want | undefined {
  let now: { want: Want; sinceMs: number } | undefined;
  let later: { want: Want; atMs: number } | undefined;
  let endsMs = Number.POSITIVE_INFINITY;
  const pass = (untilMs: number) => {
    if (later !== undefined && later.atMs <= untilMs && later.atMs < endsMs) {
      now = { want: later.want, sinceMs: later.atMs };
      later = undefined;
    }
    if (endsMs <= untilMs) now = later = undefined;
  };
  for (const event of events) {
    if (event.kind !== "request" || event.atMs > atMs) continue;
    pass(event.atMs);
    const { action: want, atMs: askedMs } = event;
    endsMs = leaseSec === 0 ? Number.POSITIVE_INFINITY : askedMs + leaseSec * 1000;
    const isSlower = now?.want === "max" && want === "min";
    const freeMs = (now?.sinceMs ?? Number.NEGATIVE_INFINITY) + minDwellMs;
    later = isSlower && askedMs < freeMs ? { want, atMs: freeMs } : undefined;
    if (later === undefined && now?.want !== want) now = { want, sinceMs: askedMs };
  }
  pass(atMs);
  return now?.want;
}

/** Whether nobody has used CPU 1 for long enough, while the hypervisor was there. */
function isParked({ events, parkAfterMs }: World, atMs: number): boolean {
  let [isUsed, isThere] = [false, true];
  let freeMs: number | undefined = 0;
  for (const event of events) {
    if (event.atMs > atMs) break;
    if (event.kind === "neighbour") isUsed = NEIGHBOUR[event.does].uses;
    if (event.kind === "hypervisor") isThere = event.isThere;
    freeMs = isUsed || !isThere ? undefined : (freeMs ?? event.atMs);
  }
  return freeMs !== undefined && atMs - freeMs >= parkAfterMs;
}

/** Schedule of the CPU > parked > baseline, on the CPU beside. */
export function referenceBeside(world: World, atMs: number): Speed {
  if (holds(world.forCpu, wallAt(world, atMs))) return KHZ[world.forCpu.want];
  return isParked(world, atMs) ? "parked" : "baseline";
}

function wallAt({ events }: World, atMs: number): number {
  const jumps = events.filter((event) => event.kind === "jump" && event.atMs <= atMs);
  return jumps.reduce((sum, event) => sum + (event as { byMs: number }).byMs, BEGIN_MS + atMs);
}

/** Request > guest policy > schedule of the VM > schedule of the CPU > baseline. */
export function reference(world: World, atMs: number): Speed {
  const past = world.events.filter((event) => event.atMs <= atMs);
  const wallMs = wallAt(world, atMs);
  const asked = requested(world, atMs);
  if (asked !== undefined) return KHZ[asked];
  const policy = past.findLast((event) => event.kind === "policy");
  if (policy?.kind === "policy" && policy.on) return KHZ.medium;
  if (holds(world.forVm, wallMs)) return KHZ[world.forVm.want];
  return holds(world.forCpu, wallMs) ? KHZ[world.forCpu.want] : "baseline";
}

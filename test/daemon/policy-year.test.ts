import { expect, test } from "bun:test";
import fc from "fast-check";
import { LocalHours } from "../../src/daemon/local-hours.ts";
import { decode } from "../../src/wire/decode.ts";
import { policyRule } from "../../src/wire/policy-rule.ts";
import { clock, domain, host } from "../arbiter/fixture.ts";

// TIME over a year, as the daemon plays it: the arbiter is told of the time when it says that it is due, and at each
// heartbeat after the wall clock was set. The reference reads the peer's rule from the packet's arrays, at every minute.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = Date.parse("2026-01-01T00:00:00Z");

/** A TIME policy for vCPU 0 in the layout of DPDK 19.11, from its arrays. */
function packet({ busy, quiet }: { busy: readonly number[]; quiet: readonly number[] }): Uint8Array {
  const bytes = Buffer.alloc(464);
  bytes.writeUInt32LE(3, 12);
  bytes[152] = 1;
  busy.forEach((hour, i) => void bytes.writeInt32LE(hour, 156 + 4 * i));
  quiet.forEach((hour, i) => void bytes.writeInt32LE(hour, 252 + 4 * i));
  bytes.writeUInt32LE(1, 452);
  return new Uint8Array(bytes);
}

/** The hour that a calendar shows, found without the code under test. */
function calendarHour(zone: string, wallMs: number, formats: Map<string, Intl.DateTimeFormat>): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "numeric", minute: "numeric" });
    formats.set(zone, format);
  }
  return Number(format.formatToParts(wallMs).find(({ type }) => type === "hour")?.value) % 24;
}

/** Speeds of the table in test/arbiter/fixture.ts; the baseline where no slot names the hour. */
function reference(hour: number, { busy, quiet }: { busy: readonly number[]; quiet: readonly number[] }) {
  const meant = (slots: readonly number[], i: number) =>
    slots[i] === hour && (hour !== 0 || slots.slice(i).some((later) => later !== 0));
  for (let slot = 0; slot < 24; slot++) {
    if (meant(busy, slot)) return 2_301_000;
    if (meant(quiet, slot)) return 1_200_000;
  }
  return "baseline";
}

const hours = fc.array(fc.nat(23), { maxLength: 10 });
/** Where the wall clock is set, some time into the year, by how much. */
const jump = fc.record({
  atMinute: fc.nat(365 * 24 * 60 - 1),
  byMs: fc.oneof(fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }), fc.constantFrom(-HOUR_MS, HOUR_MS)),
});
const zones = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "America/Santiago",
);

/** Plays a year and returns each span of it as the arbiter saw it: until which minute, and the speed. */
function play(
  zone: string,
  arrays: Parameters<typeof packet>[0],
  jumps: readonly { atMinute: number; byMs: number }[],
) {
  const { arbiter, done, set } = host([clock([0])]);
  set(domain("a", [[0]]));
  const local = new LocalHours(() => zone);
  let offsetMs = YEAR_MS;
  const moment = (monoMs: number) => ({
    now: { monoMs, wallMs: monoMs + offsetMs },
    local: local.at(monoMs + offsetMs),
  });
  const request = decode(packet(arrays));
  if (request.kind !== "set-policy") throw new Error("Expected a policy");
  const rule = policyRule(request.policy);
  if (rule === undefined) throw new Error("Expected a rule");
  done(arbiter.policies.set("a", { rule, resources: [0], physical: false, by: undefined }, moment(0)));
  const speed = () => arbiter.clock(0)?.speed?.khz ?? "baseline";
  const wakes: { readonly monoMs: number; readonly byMs: number }[] = jumps.map(({ atMinute, byMs }) => ({
    monoMs: atMinute * MINUTE_MS,
    byMs,
  }));
  wakes.sort((a, b) => a.monoMs - b.monoMs);
  const spans: { fromMs: number; offsetMs: number; speed: number | "baseline" }[] = [];
  let monoMs = 0;
  while (monoMs < 365 * DAY_MS) {
    const moved = wakes[0]?.monoMs === monoMs ? wakes.shift() : undefined;
    if (moved !== undefined) offsetMs += moved.byMs;
    const { now, local: hour } = moment(monoMs);
    done(arbiter.tick(now, hour));
    spans.push({ fromMs: monoMs, offsetMs, speed: speed() });
    if (wakes[0]?.monoMs === monoMs) continue;
    monoMs = Math.min(
      arbiter.dueAt() ?? Number.POSITIVE_INFINITY,
      wakes[0]?.monoMs ?? Number.POSITIVE_INFINITY,
    );
  }
  return spans;
}

test("TIME over a year is what a calendar says at any minute, with daylight saving and a clock that is set", () => {
  const formats = new Map<string, Intl.DateTimeFormat>();
  let compared = 0;
  fc.assert(
    fc.property(zones, hours, hours, fc.array(jump, { maxLength: 6 }), (zone, busy, quiet, jumps) => {
      const arrays = {
        busy: [...busy, ...new Array(24 - busy.length).fill(0)],
        quiet: [...quiet, ...new Array(24 - quiet.length).fill(0)],
      };
      const spans = play(zone, arrays, jumps);
      let next = 0;
      // An odd step, so that every part of an hour is looked at; both sides of each boundary are looked at too.
      const looks: number[] = [];
      for (let monoMs = 0; monoMs < 365 * DAY_MS; monoMs += 97 * MINUTE_MS) looks.push(monoMs);
      for (const { fromMs } of spans) if (fromMs > 0) looks.push(fromMs - 1, fromMs);
      looks.sort((a, b) => a - b);
      for (const monoMs of looks) {
        while (spans[next + 1] !== undefined && (spans[next + 1]?.fromMs ?? 0) <= monoMs) next++;
        const span = spans[next];
        if (span === undefined) throw new Error("Expected a span");
        const should = reference(calendarHour(zone, monoMs + span.offsetMs, formats), arrays);
        if (should !== span.speed)
          throw new Error(
            `${zone} ${new Date(monoMs + span.offsetMs).toISOString()}: ${span.speed}, not ${should}`,
          );
        compared++;
      }
      // At most one wake an hour: nothing polls.
      expect(spans.length).toBeLessThanOrEqual(365 * 24 + jumps.length + 10);
    }),
    { numRuns: 50 },
  );
  expect(compared).toBeGreaterThan(100_000);
}, 60_000);

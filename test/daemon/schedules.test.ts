import { expect, test } from "bun:test";
import { WEEKDAYS } from "../../src/base/weekday.ts";
import type { Schedule } from "../../src/config/schedule/schedules.ts";
import { Schedules } from "../../src/daemon/host/schedules.ts";

const HOUR_MS = 3_600_000;
const ms = (text: string) => Date.parse(text);
const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

function schedule(name: string, more: Partial<Schedule> = {}): Schedule {
  return {
    name,
    vms: ["web*"],
    cpus: [],
    days: WEEKDAYS,
    hours: Array.from({ length: 24 }, (_, hour) => hour),
    timeZone: "UTC",
    want: "min",
    text: { days: "Mon-Sun", hours: "00-23", want: "min" },
    place: { file: "f", line: 1 },
    ...more,
  };
}

/** Schedules, with the sentences that they told. The monotonic clock begins with 0 at the first moment. */
function follow(schedules: readonly Schedule[], zone: { host?: string; section?: string } = {}) {
  const told: string[] = [];
  let current = schedules;
  const nobody = () => undefined;
  const log = { error: nobody, warning: nobody, notice: nobody, info: nobody, debug: nobody };
  const made = new Schedules({
    config: () => ({ schedule: { timeZone: zone.section }, schedules: current }),
    log,
    hostZone: () => zone.host,
    events: { publish: (_, message) => void told.push(message) },
  });
  return {
    told,
    zone,
    reload: (next: readonly Schedule[]) => {
      current = next;
    },
    at: (wallMs: number) => made.at({ monoMs: 0, wallMs }),
    /** The names in force, and when that changes. */
    look(text: string) {
      const { inForce, dueMs } = made.at({ monoMs: 0, wallMs: ms(text) });
      return [inForce.map(({ name }) => name).join(), iso(dueMs && ms(text) + dueMs)];
    },
  };
}

test("the next boundary is computed: the end while it is in force, else the beginning, days ahead too", () => {
  // 2026-06-01 is a Monday.
  const { look } = follow([schedule("s", { days: ["Tue", "Wed"], hours: [8, 9, 10, 22] })]);
  expect(look("2026-06-01T09:30:00Z")).toEqual(["", "2026-06-02T08:00:00.000Z"]);
  expect(look("2026-06-02T07:59:59.999Z")).toEqual(["", "2026-06-02T08:00:00.000Z"]);
  expect(look("2026-06-02T08:00:00Z")).toEqual(["s", "2026-06-02T11:00:00.000Z"]);
  expect(look("2026-06-02T11:00:00Z")).toEqual(["", "2026-06-02T22:00:00.000Z"]);
  expect(look("2026-06-02T22:30:00Z")).toEqual(["s", "2026-06-02T23:00:00.000Z"]);
  expect(look("2026-06-03T23:00:00Z")).toEqual(["", "2026-06-09T08:00:00.000Z"]);
});

test("hours over midnight belong to the day on which they are", () => {
  const { look } = follow([schedule("s", { days: ["Mon"], hours: [22, 23, 0, 1] })]);
  expect(look("2026-06-01T00:30:00Z")).toEqual(["s", "2026-06-01T02:00:00.000Z"]);
  expect(look("2026-06-01T22:00:00Z")).toEqual(["s", "2026-06-02T00:00:00.000Z"]);
});

test("one that always holds is never due", () => {
  const { look } = follow([schedule("s")]);
  expect(look("2026-06-01T09:30:00Z")).toEqual(["s", undefined]);
});

test("daylight saving in both directions", () => {
  // Berlin, 29 March 2026: 02:00 becomes 03:00; 25 October: 03:00 becomes 02:00. Both are Sundays.
  const { look } = follow([
    schedule("two", { timeZone: "Europe/Berlin", hours: [2] }),
    schedule("sunday", { timeZone: "Europe/Berlin", days: ["Sun"] }),
  ]);
  // Hour 2 does not occur, and the Sunday has 23 hours.
  expect(look("2026-03-28T23:30:00Z")).toEqual(["sunday", "2026-03-29T22:00:00.000Z"]);
  expect(look("2026-03-29T00:59:00Z")).toEqual(["sunday", "2026-03-29T22:00:00.000Z"]);
  expect(look("2026-03-29T01:00:00Z")).toEqual(["sunday", "2026-03-29T22:00:00.000Z"]);
  expect(look("2026-03-29T22:00:00Z")).toEqual(["", "2026-03-30T00:00:00.000Z"]);
  // Hour 2 lasts twice as long, and the Sunday has 25 hours.
  expect(look("2026-10-25T00:00:00Z")).toEqual(["two,sunday", "2026-10-25T02:00:00.000Z"]);
  expect(look("2026-10-25T01:30:00Z")).toEqual(["two,sunday", "2026-10-25T02:00:00.000Z"]);
  expect(look("2026-10-25T02:00:00Z")).toEqual(["sunday", "2026-10-25T23:00:00.000Z"]);
});

test("a clock that is set back or forth holds at the next look", () => {
  const { look } = follow([schedule("s", { hours: [8] })]);
  expect(look("2026-06-01T08:10:00Z")).toEqual(["s", "2026-06-01T09:00:00.000Z"]);
  expect(look("2026-06-01T07:10:00Z")).toEqual(["", "2026-06-01T08:00:00.000Z"]);
  expect(look("2027-06-01T08:10:00Z")).toEqual(["s", "2027-06-01T09:00:00.000Z"]);
  expect(look("2026-06-01T08:59:59Z")).toEqual(["s", "2026-06-01T09:00:00.000Z"]);
});

test("the zone is its own, else that of [schedule], else the host's, which an operator may set", () => {
  const hours = [8];
  const berlin = schedule("own", { hours, timeZone: "Europe/Berlin" });
  const other = schedule("other", { hours, timeZone: undefined });
  const host: { host?: string; section?: string } = { host: "Asia/Tokyo", section: "America/New_York" };
  const { look, zone } = follow([berlin, other], host);
  expect(look("2026-06-01T06:00:00Z")[0]).toBe("own");
  expect(look("2026-06-01T12:00:00Z")[0]).toBe("other");
  delete zone.section;
  expect(look("2026-05-31T23:00:00Z")[0]).toBe("other");
  zone.host = "UTC";
  // At once, although no boundary was passed.
  expect(look("2026-05-31T23:00:01Z")[0]).toBe("");
});

test("the same array is returned until something changes, so that nothing is decided again", () => {
  const { at } = follow([schedule("s", { hours: [8] }), schedule("t")]);
  const start = ms("2026-06-01T08:00:00Z");
  const { inForce } = at(start);
  for (let wallMs = start; wallMs < start + HOUR_MS; wallMs += 7000) expect(at(wallMs).inForce).toBe(inForce);
  expect(at(start + HOUR_MS).inForce).not.toBe(inForce);
});

test("beginnings and ends are told, and what a reload changes", () => {
  const { look, told, reload } = follow([
    schedule("s", { hours: [8] }),
    schedule("c", { vms: [], cpus: [2, 3], want: "max", text: { days: "", hours: "", want: "max" } }),
  ]);
  look("2026-06-01T07:00:00Z");
  look("2026-06-01T08:00:00Z");
  look("2026-06-01T09:00:00Z");
  look("2026-06-01T09:00:07Z");
  expect(told.splice(0)).toEqual([
    "Schedule c (max for CPU 2-3) begins",
    "Schedule s (min for VMs web*) begins",
    "Schedule s (min for VMs web*) ends",
  ]);
  reload([schedule("s", { hours: [9] })]);
  expect(look("2026-06-01T09:00:08Z")).toEqual(["s", "2026-06-01T10:00:00.000Z"]);
  expect(told).toEqual([
    "Schedule c (max for CPU 2-3) is not in the configuration any more",
    "Schedule s (min for VMs web*) begins",
  ]);
});

import { expect, test } from "bun:test";
import { LocalHours } from "../../src/daemon/local-hours.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

function hour(zone: string | undefined, text: string) {
  const found = new LocalHours(() => zone).at(at(text));
  return [found.hour, iso(found.endsAtMs)];
}

test("an hour of the day, and when it ends", () => {
  expect(hour("UTC", "2026-01-01T13:59:59.999Z")).toEqual([13, "2026-01-01T14:00:00.000Z"]);
  expect(hour("UTC", "2026-01-01T14:00:00Z")).toEqual([14, "2026-01-01T15:00:00.000Z"]);
  expect(hour("UTC", "2026-12-31T23:30:00Z")).toEqual([23, "2027-01-01T00:00:00.000Z"]);
});

test("zones whose offset is no whole hour", () => {
  expect(hour("Asia/Kathmandu", "2026-06-01T00:00:00Z")).toEqual([5, "2026-06-01T00:15:00.000Z"]); // UTC+5:45
  expect(hour("Asia/Kolkata", "2026-06-01T00:00:00Z")).toEqual([5, "2026-06-01T00:30:00.000Z"]);
});

test("daylight saving in both directions: one hour does not occur, one lasts twice as long", () => {
  // Berlin, 29 March 2026, 02:00 becomes 03:00; 25 October, 03:00 becomes 02:00.
  expect(hour("Europe/Berlin", "2026-03-29T00:30:00Z")).toEqual([1, "2026-03-29T01:00:00.000Z"]);
  expect(hour("Europe/Berlin", "2026-03-29T01:00:00Z")).toEqual([3, "2026-03-29T02:00:00.000Z"]);
  expect(hour("Europe/Berlin", "2026-10-25T00:10:00Z")).toEqual([2, "2026-10-25T02:00:00.000Z"]);
  expect(hour("Europe/Berlin", "2026-10-25T01:10:00Z")).toEqual([2, "2026-10-25T02:00:00.000Z"]);
  // Lord Howe Island changes by half an hour: 02:00 becomes 01:30, so hour 1 lasts 90 minutes.
  expect(hour("Australia/Lord_Howe", "2026-04-04T14:10:00Z")).toEqual([1, "2026-04-04T15:30:00.000Z"]);
});

test("a clock that is set back or forth holds at once, and another zone soon", () => {
  let zone: string | undefined = "UTC";
  const hours = new LocalHours(() => zone);
  const seen = [
    "2026-05-05T10:30:00Z",
    "2026-05-05T10:10:00Z",
    "2026-05-05T08:00:00Z",
    "2026-05-06T23:00:00Z",
  ];
  expect(seen.map((text) => hours.at(at(text)).hour)).toEqual([10, 10, 8, 23]);
  zone = "Asia/Tokyo";
  // The zone is asked for every five seconds.
  expect(hours.at(at("2026-05-06T23:00:04Z")).hour).toBe(23);
  expect(hours.at(at("2026-05-06T23:00:05Z")).hour).toBe(8);
});

test("a zone that does not exist is that of the process", () => {
  expect(hour("Europe/Nowhere", "2026-01-01T13:00:00Z")).toEqual(hour(undefined, "2026-01-01T13:00:00Z"));
});

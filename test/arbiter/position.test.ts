import { expect, test } from "bun:test";
import { floorIndex, wholeTable } from "../../src/arbiter/envelope.ts";
import { carry, positionOf } from "../../src/arbiter/position.ts";
import { ACPI, clock, domain, FREE, host, NO_TURBO } from "./fixture.ts";

test("an operator has the whole table", () => {
  expect(wholeTable(ACPI)).toEqual({ top: 0, bottom: 5, turbo: true });
});

test("positionOf() takes the lowest entry that is not slower, within the table", () => {
  const found = [1_199_999, 1_200_000, 1_300_000, 2_301_000, 2_301_001].map((khz) =>
    positionOf(ACPI, khz, true),
  );
  const at = (index: number) => ({ index, turbo: true, bound: undefined, wishIndex: index, wishTurbo: true });
  expect(found).toEqual([undefined, at(5), at(4), at(0), undefined]);
});

test("carry() takes the nearest entry for what is beyond the table", () => {
  const index = (khz: number) => carry(khz, true, ACPI, wholeTable(ACPI)).index;
  expect([1, 1_200_000, 1_200_001, 2_301_000, 9_000_000].map(index)).toEqual([5, 5, 4, 0, 0]);
});

test("a floor above all entries is the highest that the contract allows", () => {
  expect([
    floorIndex(ACPI, 9_000_000, true),
    floorIndex(ACPI, 9_000_000, false),
    floorIndex(NO_TURBO, 9_000_000, false),
    floorIndex(ACPI, "none", true),
  ]).toEqual([0, 1, 0, undefined]);
});

test("a speed at the end of what a contract allows is as asked, and a step beyond it is bounded", () => {
  const { arbiter, set, ask } = host([clock([0])]);
  set(domain("a", [[0]]), { ...FREE, minKhz: 1_700_000, maxKhz: 2_000_000 });
  const rules = (["up", "down", "down", "up", "up"] as const).map((action) => {
    ask("a", 0, action);
    return arbiter.vcpu("a", 0)?.clocks[0]?.rule;
  });
  const [asAsked, byMin, byMax] = [
    { kind: "as-asked" },
    { kind: "bounded", by: "MinKhz" },
    { kind: "bounded", by: "MaxKhz" },
  ] as const;
  expect(rules).toEqual([byMax, asAsked, byMin, asAsked, byMax]);
});

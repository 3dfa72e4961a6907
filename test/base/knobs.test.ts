import { expect, test } from "bun:test";
import { type Knobs, NO_KNOBS, sameKnobs } from "../../src/base/knobs.ts";

const ALL: Knobs = {
  epp: "power",
  resumeLatencyUs: 0,
  governors: ["powersave", "ondemand"],
  uncore: { minKhz: 800_000, maxKhz: 2_400_000 },
};

test("sameKnobs() compares what is asked for, each part of it", () => {
  const others: readonly Knobs[] = [
    { ...ALL, epp: "performance" },
    { ...ALL, resumeLatencyUs: 1 },
    { ...ALL, resumeLatencyUs: undefined },
    { ...ALL, governors: ["ondemand", "powersave"] },
    { ...ALL, governors: undefined },
    { ...ALL, uncore: { minKhz: 800_000 } },
    { ...ALL, uncore: { maxKhz: 2_400_000 } },
    NO_KNOBS,
  ];
  expect(others.map((other) => sameKnobs(ALL, other))).toEqual(others.map(() => false));
  expect([sameKnobs(ALL, structuredClone(ALL)), sameKnobs(ALL, ALL), sameKnobs(NO_KNOBS, {})]).toEqual([
    true,
    true,
    true,
  ]);
  // No governors are as good as none named.
  expect(sameKnobs({ governors: [] }, NO_KNOBS)).toBe(true);
});

import { expect, test } from "bun:test";
import { faults, readLcov, table } from "./coverage.ts";

/** As Bun writes it. */
const LCOV = `TN:
SF:src/wire/a.ts
FNF:2
FNH:1
DA:1,3
DA:2,0
DA:3,0
DA:4,1
LF:4
LH:2
end_of_record
TN:
SF:src/daemon/host/b.ts
FNF:1
FNH:1
DA:1,1
LF:1
LH:1
end_of_record
TN:
SF:test/c.ts
FNF:0
FNH:0
DA:1,1
LF:1
LH:1
end_of_record
`;
const SOURCE = "one\n  two\n  three\nfour\n";
const others = ["base", "arbiter", "ledger"].map((floor) => ({
  ...{ file: `src/${floor}/x.ts`, lines: 1, missed: [], functions: { found: 1, hit: 1 } },
}));

test("the table has the lines and functions of each folder of src/", () => {
  expect(table(readLcov(LCOV))).toBe(
    [
      "folder             % lines % functions",
      "daemon               100.0       100.0",
      "wire                  50.0        50.0",
    ].join("\n"),
  );
});

test("a line of a pure floor that no test runs is a fault unless it is excluded, and so is an exclusion without need", () => {
  const excluded = { file: "src/wire/a.ts", line: "two", why: "it cannot be reached" };
  const stale = { ...excluded, line: "four" };
  const files = [...readLcov(LCOV), ...others];
  expect(faults(files, [excluded, stale], () => SOURCE)).toEqual([
    "src/wire/a.ts:3: three",
    "src/wire/a.ts: excluded without need: four",
  ]);
  // A report that has lost a floor proves nothing.
  expect(faults(readLcov(LCOV), [excluded, { ...excluded, line: "three" }], () => SOURCE)).toEqual([
    "No test ran anything of src/base",
    "No test ran anything of src/arbiter",
    "No test ran anything of src/ledger",
  ]);
});

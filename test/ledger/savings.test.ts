import { expect, test } from "bun:test";
import type { Fit } from "../../src/ledger/fit.ts";
import { dynamicJoules, typicalModel } from "../../src/ledger/power-model.ts";
import { savedJoules, unknownBecause } from "../../src/ledger/savings.ts";
import { shareOut } from "../../src/ledger/share.ts";
import { NO_USE, plus } from "../../src/ledger/use.ts";
import type { VmUse } from "../../src/ledger/vm-use.ts";
import { NO_DIFFERENCE } from "../../src/ledger/vm-use.ts";

const ZEROS = [0, 0, 0, 0];
const FIT: Fit = {
  model: { staticW: 10, linear: 2, cubic: 0.5, turboW: -1 },
  covariance: [ZEROS, ZEROS, ZEROS, ZEROS],
  ...{ t: 2, blocks: 20, residualW: 12.34, meanW: 60, explained: 0.424, knowsTurbo: true, isGood: true },
};
/** 2 · 100 + 0.5 · 200 - 1 · 10 joules. */
const MORE = { ghzS: 100, ghz3S: 200, turboS: 10 };

test("savedJoules() is as sure as the fit, the form of the model, and what is known of the work", () => {
  const around = (joules: number, half: number) => ({ joules, low: joules - half, high: joules + half });
  const saved = (more: Partial<Fit> = {}, of: "one" | "all" = "all", slack = NO_USE, use = MORE) =>
    savedJoules({ ...FIT, ...more }, { more: use, slack }, of);
  const slack = { ghzS: 5, ghz3S: 0, turboS: 20 };
  expect([
    // 6 % of 200 + 100 + 10, twice; 16 % for one VM.
    saved(),
    saved({}, "one"),
    // And the 10 J at which the distance from the middle to both ends ends.
    saved({}, "all", slack),
    saved({}, "all", plus(NO_USE, slack, -1)),
    saved({}, "all", NO_USE, plus(NO_USE, MORE, -1)),
  ]).toEqual([
    around(290, 37.2),
    around(290, 99.2),
    ...[around(290, 47.2), around(290, 47.2)],
    around(-290, 37.2),
  ]);
  // A standard error of 24.8 J in the second coefficient; the first has no part in what work takes.
  const covariance = [[9, 0, 0, 0], [0, 0.248 ** 2, 0, 0], ZEROS, ZEROS];
  expect(saved({ covariance })?.high).toBeCloseTo(290 + 2 * 31);
});

test("unknownBecause() counts blocks, and rounds figures", () => {
  const poor = { ...FIT, isGood: false };
  expect([
    unknownBecause(undefined, 11),
    unknownBecause(undefined, 12),
    unknownBecause(poor, 20),
    unknownBecause({ ...poor, explained: -3 }, 20),
  ]).toEqual([
    "the host was metered for 11 of at least 12 spans of ten minutes",
    "the host always did the same, so nothing can be compared",
    "the model explains only 42 % of the changes in power, and errs by 12.3 W",
    "the model explains only 0 % of the changes in power, and errs by 12.3 W",
  ]);
});

test("work takes what its terms take, and a host that was never measured 2 W for each CPU", () => {
  expect(
    dynamicJoules({ staticW: 9, linear: 2, cubic: 3, turboW: 4 }, { ghzS: 1, ghz3S: 10, turboS: 100 }),
  ).toBe(432);
  expect(typicalModel(4)).toEqual({ staticW: 8, linear: 0.8, cubic: 0.3, turboW: 0 });
});

test("shareOut() gives all to nobody where the model knows of no work, and little by its parts", () => {
  const none = { staticW: 0, linear: 0, cubic: 0, turboW: 0 };
  const share = (model: typeof none) => {
    const use = { ghzS: 1, ghz3S: 0, turboS: 1 };
    const vms = new Map<string, VmUse>([["a", { use, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE }]]);
    const { vms: joules, ...others } = shareOut(model, { seconds: 10, joules: 100, vms, host: NO_USE });
    return { ...others, a: joules.get("a") };
  };
  const nobody = { joules: 100, idle: 100, host: 0, a: 0 };
  expect([
    share(none),
    share({ ...none, turboW: -1 }),
    share({ ...none, linear: 0.5 }),
    share({ ...none, staticW: 0.015, linear: 0.05 }),
  ]).toEqual([
    nobody,
    nobody,
    { joules: 100, idle: 0, host: 0, a: 100 },
    { joules: 100, idle: 75, host: 0, a: 25 },
  ]);
});

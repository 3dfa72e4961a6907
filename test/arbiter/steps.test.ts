import { describe, expect, test } from "bun:test";
import type { FrequencyTable } from "../../src/base/clock.ts";
import type { ScaleAction } from "../../src/wire/packet.ts";
import { speeds } from "../frequency-table.ts";
import { ACPI, AMD, clock, domain, FREE, host, NO_TURBO, PSTATE } from "./fixture.ts";

type Steps = readonly (readonly [ScaleAction, number | string])[];

/** One VM alone on one CPU: the speed after each request. */
function play(table: FrequencyTable, steps: Steps, contract = FREE): Steps {
  const { set, speedAfter } = host([clock([0], table)]);
  set(domain("vm", [[0]]), contract);
  return steps.map(([action]) => [action, speedAfter("vm", 0, action) ?? "unknown"]);
}

describe("a VM alone on a CPU gets the speeds of DPDK's host", () => {
  test("acpi-cpufreq, as measured with DPDK's host", () => {
    const steps: Steps = [
      ["down", 2_300_000],
      ["down", 2_000_000],
      ["up", 2_300_000],
      ["min", 1_200_000],
      ["min", 1_200_000],
      ["down", 1_200_000],
      ["turbo", 2_301_000],
      ["no-turbo", 2_300_000],
      ["max", 2_300_000],
      ["up", 2_300_000],
    ];
    expect(play(ACPI, steps)).toEqual(steps);
  });

  test("intel_pstate, as DPDK's test plan has it", () => {
    const steps: Steps = [
      ["turbo", 2_100_000],
      ["min", 1_800_000],
      ["max", 2_100_001],
      ["no-turbo", 2_100_000],
      ["turbo", 2_100_000],
      ["up", 2_100_001],
      ["down", 2_100_000],
    ];
    expect(play(PSTATE, steps)).toEqual(steps);
  });

  test("intel_pstate starts without turbo", () => {
    const steps: Steps = [
      ["max", 2_100_000],
      ["up", 2_100_000],
      ["down", 2_000_000],
    ];
    expect(play(PSTATE, steps)).toEqual(steps);
  });

  test("amd-pstate goes back to its nominal speed without turbo", () => {
    const steps: Steps = [
      ["max", 3_600_000],
      ["down", 3_400_000],
      ["no-turbo", 3_000_000],
      ["up", 3_000_000],
      ["max", 3_000_000],
      ["down", 2_000_000],
      ["no-turbo", 2_000_000],
      ["turbo", 3_600_000],
    ];
    expect(play(AMD, steps)).toEqual(steps);
  });

  test("without turbo: enabling it is refused, disabling it changes nothing", () => {
    const steps: Steps = [
      ["up", 2_000_000],
      ["turbo", "no-turbo"],
      ["no-turbo", 2_000_000],
      ["down", 1_500_000],
      ["no-turbo", 1_500_000],
      ["max", 2_000_000],
    ];
    expect(play(NO_TURBO, steps)).toEqual(steps);
  });

  test("a table of one speed", () => {
    const steps: Steps = [
      ["up", 1_000_000],
      ["down", 1_000_000],
      ["min", 1_000_000],
      ["max", 1_000_000],
    ];
    expect(play({ speeds: speeds(1_000_000), turbo: undefined }, steps)).toEqual(steps);
  });
});

describe("a contract bounds every step", () => {
  test("between MinKhz and MaxKhz", () => {
    const steps: Steps = [
      ["max", 2_000_000],
      ["up", 2_000_000],
      ["down", 1_700_000],
      ["down", 1_400_000],
      ["down", 1_400_000],
      ["min", 1_400_000],
      ["up", 1_700_000],
    ];
    expect(play(ACPI, steps, { ...FREE, minKhz: 1_400_000, maxKhz: 2_200_000 })).toEqual(steps);
  });

  test("Turbo=no: the highest speed is the one without turbo, and enabling is refused", () => {
    const steps: Steps = [
      ["max", 2_300_000],
      ["turbo", "turbo-forbidden"],
      ["up", 2_300_000],
      ["down", 2_000_000],
    ];
    expect(play(ACPI, steps, { ...FREE, turbo: false })).toEqual(steps);
  });

  test("MaxKhz below intel_pstate's real turbo speed forbids its marker", () => {
    const steps: Steps = [
      ["turbo", 2_100_000],
      ["max", 2_100_000],
    ];
    expect(play(PSTATE, steps, { ...FREE, maxKhz: 3_000_000 })).toEqual(steps);
  });

  test("a bound in percent is a part of each clock's range without turbo", () => {
    // From 1.2 to 2.3 GHz: 50 % is 1.75 GHz, 80 % is 2.08 GHz.
    const steps: Steps = [
      ["max", 2_000_000],
      ["min", 2_000_000],
    ];
    expect(play(ACPI, steps, { ...FREE, minKhz: { percent: 50 }, maxKhz: { percent: 80 } })).toEqual(steps);
    // From 1 to 3 GHz, beside turbo up to 3.6 GHz: 100 % is without turbo, 0 % is the lowest speed.
    const whole: Steps = [
      ["max", 3_000_000],
      ["turbo", 3_000_000],
      ["min", 1_000_000],
    ];
    expect(play(AMD, whole, { ...FREE, minKhz: { percent: 0 }, maxKhz: { percent: 100 } })).toEqual(whole);
    expect(play(NO_TURBO, [["max", 0]], { ...FREE, maxKhz: { percent: 50 } })).toEqual([["max", 1_500_000]]);
    expect(play(ACPI, [["max", 0]], { ...FREE, maxKhz: "none" })).toEqual([["max", 2_301_000]]);
  });

  test("what is not among Operations is refused, and changes nothing", () => {
    const steps: Steps = [
      ["down", 2_300_000],
      ["max", "operation-forbidden"],
      ["turbo", "operation-forbidden"],
      ["no-turbo", "operation-forbidden"],
      ["up", 2_301_000],
    ];
    expect(play(ACPI, steps, { ...FREE, operations: ["up", "down"] })).toEqual(steps);
  });

  test("limits that no speed meets leave the nearest one", () => {
    expect(play(ACPI, [["max", 0]], { ...FREE, maxKhz: 1_000 })).toEqual([["max", 1_200_000]]);
    expect(play(ACPI, [["min", 0]], { ...FREE, minKhz: 9_000_000 })).toEqual([["min", 2_301_000]]);
  });
});

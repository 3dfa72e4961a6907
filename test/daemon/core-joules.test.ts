import { expect, test } from "bun:test";
import type { Domain } from "../../src/base/domain.ts";
import { CoreJoules } from "../../src/daemon/energy/core-joules.ts";

function running(name: string, run: string): Domain {
  return { name, run, state: "running", origin: "booted", pins: [[0]], channels: undefined };
}

/** The joules of web1 after each answer; one every ten seconds. */
function told(answers: readonly Readonly<Record<string, number>>[], run = (_: number) => "1") {
  const cores = new CoreJoules();
  return answers.map((each, i) =>
    cores.take(running("web1", run(i)), new Map(Object.entries(each)), 10_000 * (i + 1)),
  );
}

test("only differences count, whatever a counter begins at, and all counters of a VM are one sum", () => {
  expect(
    told([
      { "0-1/0": 5e9, "0-1/1": 100 },
      { "0-1/0": 5e9 + 64, "0-1/1": 100.5 },
      { "0-1/0": 5e9 + 64, "0-1/1": 100.5 },
      { "0-1/0": 5e9 + 64, "0-1/1": 120.5 },
    ]),
  ).toEqual([undefined, 64.5, undefined, 20]);
});

test("a counter that goes back or jumps higher than any power allows adds nothing, and one that was set anew goes on", () => {
  // 2000 W at most: 20 kJ in ten seconds.
  expect(told([1000, 900_000, 1100, 20, 70, 170].map((joules) => ({ "0/0": joules })))).toEqual([
    undefined,
    undefined,
    100,
    undefined,
    undefined,
    100,
  ]);
});

test("another run of the VM begins anew, and so does a counter that was not told for once", () => {
  const second = (i: number) => (i < 2 ? "1" : "2");
  expect(told([{ a: 10 }, { a: 20 }, { a: 30 }, { a: 40 }], second)).toEqual([undefined, 10, undefined, 10]);
  expect(told([{ a: 10 }, { b: 1 }, { a: 30, b: 2 }, { a: 40 }])).toEqual([undefined, undefined, 1, 10]);
});

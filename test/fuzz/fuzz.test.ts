import { expect, test } from "bun:test";
import { fuzz, MESSAGES } from "./fuzz.ts";
import { Random } from "./random.ts";
import { each, TARGETS } from "./targets.ts";

/** Hosts of one run of the tests; `make fuzz` goes on as long as it is told. */
const HOSTS = 60;

test("no packet, no call and no object touches a CPU outside the sender's contract", async () => {
  let writes = 0;
  for (let seed = 1; seed <= HOSTS; seed++) {
    const { finding, writes: some } = await fuzz(seed);
    expect(finding).toBeUndefined();
    writes += some;
  }
  // Without many changes the judge would have seen nothing.
  expect(writes).toBeGreaterThan(HOSTS * 10);
});

test("a fault is found: an application that may name every CPU", async () => {
  const { finding } = await fuzz(1, { leaky: true });
  expect(finding?.sender).toBe("mine");
});

test("a run depends on its seed alone", async () => {
  const [one, again] = [await fuzz(7, { leaky: true }), await fuzz(7, { leaky: true })];
  expect(again).toEqual(one);
  expect(one.cases).toBeLessThanOrEqual(MESSAGES);
  const numbers = (seed: number) =>
    Array.from(
      { length: 20 },
      (
        (random) => () =>
          random.below(1000)
      )(new Random(seed)),
    );
  expect(numbers(5)).toEqual(numbers(5));
  expect(numbers(5)).not.toEqual(numbers(6));
});

test.each(TARGETS.map((target) => [target.name, target] as const))(
  "what is read of hostile bytes is refused or within its bounds, however they are cut: %s",
  (_name, target) => {
    expect(target.round(new Random(1))).toBeUndefined();
  },
);

test("a reader that throws, and an answer that is wrong, are told with their input", () => {
  const input = new TextEncoder().encode("<a");
  const throws = each("throws", (_random, note) => {
    note(input);
    throw new Error("out of bounds");
  });
  const wrong = each("wrong", (random, note) => {
    note(input);
    return random.onceIn(20) ? "Too many" : undefined;
  });
  expect([throws.round(new Random(1)), wrong.round(new Random(1))]).toEqual([
    "It throws Error: out of bounds: <a",
    "Too many: <a",
  ]);
});

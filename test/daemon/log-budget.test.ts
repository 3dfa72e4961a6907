import { expect, test } from "bun:test";
import { MESSAGE_IDS } from "../../src/base/message-id.ts";
import { LogBudget } from "../../src/daemon/log-budget.ts";

const fill = (budget: LogBudget, count: number, line: (i: number) => Parameters<LogBudget["admit"]>) =>
  Array.from({ length: count }, (_, i) => budget.admit(...line(i))).filter((text) => text !== undefined)
    .length;

test.each(Object.entries(MESSAGE_IDS))(
  "lines of kind %s about one VM are limited, whatever their text",
  (_, id) => {
    const line = (i: number): Parameters<LogBudget["admit"]> => [
      `line ${i}`,
      { MESSAGE_ID: id, VM: "evil" },
      i / 1000,
    ];
    expect(fill(new LogBudget(), 10_000, line)).toBe(100);
  },
);

test("lines without fields are limited by their kind, not by the names and numbers in them", () => {
  expect(fill(new LogBudget(), 10_000, (i) => [`Cannot read "/tmp/${i}": error ${i}`, undefined, 0])).toBe(
    100,
  );
});

test("all lines together are limited, however many VMs they are about", () => {
  expect(fill(new LogBudget(), 50_000, (i) => [`line`, { VM: `vm${i}` }, 0])).toBe(10_000);
});

test("many lines about one VM do not suppress those about another, and suppressed lines are counted", () => {
  const budget = new LogBudget();
  fill(budget, 1000, (i) => [`line ${i}`, { VM: "evil" }, 0]);
  expect(budget.admit("good asks", { VM: "good" }, 0)).toBe("good asks");
  expect(budget.admit("evil asks", { VM: "evil" }, 60_000)).toBe("evil asks (900 more such lines left out)");
});

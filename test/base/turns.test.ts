import { expect, test } from "bun:test";
import { Turns } from "../../src/base/turns.ts";

test("Turns goes around a list in parts", () => {
  const turns = new Turns(2);
  const list = ["a", "b", "c"];
  expect(Array.from({ length: 4 }, () => turns.next(list).join(""))).toEqual(["ab", "ca", "bc", "ab"]);
});

test("Turns takes each element of a short list once", () => {
  const turns = new Turns(4);
  expect([turns.next([1, 2, 3]), turns.next([1, 2, 3]), turns.next([])]).toEqual([[1, 2, 3], [1, 2, 3], []]);
});

test("Turns goes on in a list that became shorter", () => {
  const turns = new Turns(3);
  expect([turns.next([1, 2, 3, 4]), turns.next([1, 2]), turns.next([5])]).toEqual([[1, 2, 3], [2, 1], [5]]);
});

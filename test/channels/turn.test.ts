import { expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { Turn } from "../../src/channels/turn.ts";

/** A turn, and what it did, in words. */
function makeTurn() {
  const done: string[] = [];
  const turn = new Turn(
    {
      turnBegins: () => void done.push("begin"),
      settle: () => void done.push("settle"),
      answered: () => void done.push("answered"),
    },
    () => {},
  );
  const part = (name: string, atEnd = () => {}) => ({
    handOn: () => void done.push(`${name} hands on`),
    end() {
      done.push(`${name} ends`);
      atEnd();
    },
  });
  return { turn, part, done };
}

test("all that came in one turn is decided before it is done, and done before it is answered", async () => {
  const { turn, part, done } = makeTurn();
  turn.add(part("a"));
  turn.add(part("b"));
  expect(done).toEqual(["begin"]);
  await turnEnds();
  expect(done).toEqual(["begin", "a hands on", "b hands on", "settle", "a ends", "b ends", "answered"]);
});

test("the first 32 connections are answered before the others have their turn", async () => {
  const { turn, part, done } = makeTurn();
  const names = Array.from({ length: 40 }, (_, i) => `${i}`);
  for (const name of names) turn.add(part(name));
  await turnEnds();
  const steps = (some: readonly string[]) => [
    ...some.map((name) => `${name} hands on`),
    "settle",
    ...some.map((name) => `${name} ends`),
    "answered",
  ];
  expect(done).toEqual(["begin", ...steps(names.slice(0, 32)), ...steps(names.slice(32))]);
});

test("what comes while a turn ends has the next one", async () => {
  const { turn, part, done } = makeTurn();
  turn.add(part("a", () => turn.add(part("late"))));
  await turnEnds();
  expect(done).toEqual(["begin", "a hands on", "settle", "a ends", "answered", "begin"]);
  await turnEnds();
  expect(done.slice(6)).toEqual(["late hands on", "settle", "late ends", "answered"]);
});

test("a turn can be finished early, and then does nothing twice", async () => {
  const { turn, part, done } = makeTurn();
  turn.add(part("a"));
  turn.finish();
  const steps = ["begin", "a hands on", "settle", "a ends", "answered"];
  expect(done).toEqual(steps);
  await turnEnds();
  expect(done).toEqual(steps);
});

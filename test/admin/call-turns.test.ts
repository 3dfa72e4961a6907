import { expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { createCallTurns } from "../../src/admin/call-turns.ts";

test("createCallTurns() gives so many calls to a turn, and as many to the next", async () => {
  const turns = createCallTurns(2);
  const take = () => [turns.take(), turns.take(), turns.take()];
  expect(take()).toEqual([true, true, false]);
  await turnEnds();
  expect(take()).toEqual([true, true, false]);
  await turnEnds();
  expect(turns.take()).toBe(true);
  await turnEnds();
  expect(take()).toEqual([true, true, false]);
});

test("sessions that wait are served first come first served, as far as calls are left, and each once", async () => {
  const turns = createCallTurns(2);
  const served: string[] = [];
  const pump = (name: string, more = 0) => {
    let left = more;
    const own = () => {
      served.push(`${name}${turns.take() ? "" : " in vain"}`);
      if (left-- > 0) turns.wait(own);
    };
    return own;
  };
  const [a, b, c, gone] = [pump("a", 1), pump("b"), pump("c"), pump("gone")];
  for (const each of [a, gone, b, c, a]) turns.wait(each);
  turns.forget(gone);
  const after: string[][] = [];
  for (let i = 0; i < 4; i++) {
    await turnEnds();
    after.push([...served]);
  }
  // In the second turn c is before a, which asked again.
  expect(after).toEqual([
    ["a", "b"],
    ["a", "b", "c", "a"],
    ["a", "b", "c", "a"],
    ["a", "b", "c", "a"],
  ]);
});

test("a session that leaves while others are served is not served any more", async () => {
  const turns = createCallTurns(5);
  const served: string[] = [];
  const second = () => void served.push("second");
  turns.wait(() => {
    served.push("first");
    turns.forget(second);
  });
  turns.wait(second);
  await turnEnds();
  await turnEnds();
  expect(served).toEqual(["first"]);
});

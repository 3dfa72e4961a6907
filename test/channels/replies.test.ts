import { expect, test } from "bun:test";
import { Replies } from "../../src/channels/replies.ts";

/** Replies that are kept in a list instead of written; a full socket takes none. */
function collected() {
  const writes: number[][] = [];
  const socket = { isFull: false };
  const counters = { repliesDropped: 0 };
  const write = (bytes: Uint8Array) => {
    if (socket.isFull) return 0;
    writes.push([...bytes]);
    return bytes.length;
  };
  const replies = new Replies({ write }, counters);
  return { replies, writes, socket, counters };
}

const reply = (value: number, length = 464) => new Uint8Array(length).fill(value);
const bytes = (...values: number[]) => values.flatMap((value) => [...reply(value)]);

test("replies of one turn are written eight at a time, in their order, and the rest at its end", () => {
  const { replies, writes } = collected();
  replies.hold();
  for (let i = 1; i <= 10; i++) replies.send(reply(i));
  expect(writes).toEqual([bytes(1, 2, 3, 4, 5, 6, 7, 8)]);
  replies.release();
  expect(writes.slice(1)).toEqual([bytes(9, 10)]);
  replies.send(reply(11));
  expect(writes.slice(2)).toEqual([bytes(11)]);
});

test("replies to several guests in one turn are joined for each, and none is mixed with another's", () => {
  const [a, b, c] = [collected(), collected(), collected()];
  for (const { replies } of [a, b, c]) replies.hold();
  for (const i of [1, 2]) a.replies.send(reply(i));
  c.replies.send(reply(30));
  for (const i of [11, 12, 13]) b.replies.send(reply(i));
  a.replies.send(reply(3));
  c.replies.send(reply(31));
  a.replies.send(reply(4));
  for (const { replies } of [a, b, c]) replies.release();
  expect([a, b, c].map(({ writes }) => writes.flat())).toEqual([
    bytes(1, 2, 3, 4),
    bytes(11, 12, 13),
    bytes(30, 31),
  ]);
});

test("a reply that is too long to be held is written after those before it", () => {
  const { replies, writes } = collected();
  replies.hold();
  replies.send(reply(1));
  replies.send(reply(2, 4000));
  replies.send(reply(3));
  replies.release();
  expect(writes).toEqual([bytes(1), [...reply(2, 4000)], bytes(3)]);
});

test("what a guest has no room for is dropped whole, and counted", () => {
  const { replies, writes, socket, counters } = collected();
  socket.isFull = true;
  replies.hold();
  for (let i = 1; i <= 9; i++) replies.send(reply(i));
  socket.isFull = false;
  replies.release();
  expect([writes, counters.repliesDropped]).toEqual([[bytes(9)], 8]);
});

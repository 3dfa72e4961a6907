import type { Invariant } from "../invariant.ts";

/** The longest time to an answer: detection of a packet's size takes 5 ms, and no other guest may cost more. */
const LONGEST_MS = 50;

export const answersInTime: Invariant = {
  name: "answers-in-time",
  says: "Every request of a guest that reads answers has its answer within a bound, whatever others do",
  stepped(world) {
    for (const guest of world.awaiting) {
      let isWaiting = false;
      for (const { end, asked } of guest.ports) {
        const [oldest] = asked;
        if (end === undefined || oldest === undefined) continue;
        isWaiting = true;
        if (world.timeline.nowMs - oldest.atMs > LONGEST_MS)
          return `${guest.vm.name} waits for the answer to "${oldest.action}" since ${oldest.atMs} ms`;
      }
      if (!isWaiting) world.awaiting.delete(guest);
    }
    return undefined;
  },
};

import { expect, test } from "bun:test";
import fc from "fast-check";
import { createOutbox } from "../../src/admin/outbox.ts";

test("Outbox writes everything once and in order, however little the socket takes", () => {
  const script = fc.array(
    fc.oneof(fc.record({ send: fc.string({ maxLength: 20 }) }), fc.record({ room: fc.nat(15) })),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(script, (steps) => {
      let sent = "";
      let written = "";
      let room = 0;
      const outbox = createOutbox({
        write(bytes) {
          const taken = Math.min(room, bytes.length);
          room -= taken;
          written += Buffer.from(bytes.subarray(0, taken)).toString("latin1");
          return taken;
        },
      });
      for (const step of steps) {
        if ("send" in step) {
          const bytes = Buffer.from(step.send);
          sent += bytes.toString("latin1");
          outbox.add(bytes);
          outbox.flush();
        } else {
          room += step.room;
          outbox.drained();
        }
        expect(sent.startsWith(written)).toBe(true);
        expect(outbox.queued()).toBe(sent.length - written.length);
        expect(room === 0 || outbox.queued() === 0).toBe(true);
      }
    }),
  );
});

test("Outbox keeps its bytes when the connection is gone", () => {
  const outbox = createOutbox({ write: () => -1 });
  outbox.add(Uint8Array.of(1, 2, 3));
  outbox.flush();
  expect(outbox.queued()).toBe(3);
});

test("Outbox joins messages of one turn into one write, and does not write to a full socket", () => {
  const writes: string[] = [];
  const outbox = createOutbox({
    write(bytes) {
      writes.push(Buffer.from(bytes).toString());
      return Math.min(3, bytes.length);
    },
  });
  for (const text of ["ab", "cd", "e"]) outbox.add(Buffer.from(text));
  outbox.flush();
  outbox.add(Buffer.from("f"));
  outbox.flush();
  expect(writes).toEqual(["abcde"]);
  outbox.drained();
  expect(writes).toEqual(["abcde", "def"]);
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { u32 } from "./fake-bytes.ts";
import type { Misbehaviour } from "./fake-libvirtd.ts";
import { until } from "./recorder.ts";
import { Stage } from "./stage.ts";

const PROCEDURES = [66, 1, 316, 360, 273, 212, 14, 230];

const word = fc.oneof(fc.constantFrom(0, 1, 2, 24, 28, 32, 0x7fffffff, 0xffffffff, 33_554_432), fc.nat());
const words = fc.array(word, { maxLength: 12 }).map((list) => new Uint8Array(Buffer.concat(list.map(u32))));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), words);

/** A message that could be libvirt's up to some word, or an event that was not registered. */
const nearly = fc
  .tuple(
    fc.constantFrom(28, 32, 60),
    fc.constantFrom(0x20008086, 0x6b656570, 7),
    fc.constantFrom(1, 1, 1, 2),
    fc.constantFrom(...PROCEDURES, 318, 319, 333, 346, 354, 362),
    fc.constantFrom(0, 1, 2, 2, 3),
    fc.constantFrom(0, 1, 2, 3, 4),
    fc.constantFrom(0, 1, 2),
    bytes,
  )
  .map(([length, program, version, procedure, type, serial, status, body]) => {
    const header = [length, program, version, procedure, type, serial, status].map(u32);
    return new Uint8Array(Buffer.concat([...header, body]));
  });

const misbehaviour: fc.Arbitrary<Misbehaviour> = fc.oneof(
  fc.oneof(bytes, nearly).map((raw) => ({ kind: "raw" as const, bytes: raw })),
  fc
    .tuple(fc.constantFrom(0, 1), bytes)
    .map(([status, body]) => ({ kind: "body" as const, status, bytes: body })),
  fc.constantFrom({ kind: "silence" as const }, { kind: "cut" as const }),
  fc.constantFrom(42, 1, 5, 55).map((code) => ({ kind: "refuse" as const, code, message: "no" })),
);

test("whatever libvirtd sends, nothing throws, and a sane libvirtd is followed again afterwards", async () => {
  const scripts = fc.record({
    moods: fc.array(fc.tuple(fc.constantFrom(...PROCEDURES), misbehaviour), { minLength: 1, maxLength: 8 }),
    shouts: fc.array(fc.oneof(bytes, nearly), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(scripts, async ({ moods, shouts }) => {
      await using stage = new Stage();
      const { fake, recorder } = stage;
      fake.add("a", [[1], [2, 3]]);
      for (const procedure of PROCEDURES) {
        const planned = moods.filter(([at]) => at === procedure).map(([, mood]) => mood);
        fake.misbehave.set(procedure, () => planned.shift());
      }
      stage.open({ callTimeoutMs: 25, listMs: 10, silenceMs: 50, backoff: { firstMs: 1, maxMs: 4 } });
      for (const shout of shouts) {
        await Bun.sleep(2);
        fake.send(shout);
      }
      await Bun.sleep(5);
      fake.misbehave.clear();
      // A false but valid report is used until the next full read.
      await until(
        () =>
          stage.hypervisor.status().state === "connected" &&
          Bun.deepEquals(recorder.domains.get("a")?.pins, [[1], [2, 3]]),
        () => [stage.hypervisor.status(), recorder.lines, recorder.domains],
      );
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a libvirtd that only sends garbage is asked again, but less and less often", async () => {
  await using stage = new Stage();
  stage.fake.misbehave.set(66, () => ({ kind: "raw", bytes: new Uint8Array(64).fill(255) }));
  stage.open({ backoff: { firstMs: 10, maxMs: 80 } });
  await Bun.sleep(500);
  // 10 + 20 + 40 + 80 + 80 + …: about eight tries, not hundreds.
  expect(stage.fake.connections).toBeGreaterThanOrEqual(4);
  expect(stage.fake.connections).toBeLessThanOrEqual(9);
  expect(stage.recorder.lines).toEqual([
    `warning: libvirt sent a message of 4294967295 bytes, at "${stage.fake.path}": systemctl status libvirtd`,
  ]);
});

test("a libvirtd that sends garbage after a correct start is also asked less and less often", async () => {
  await using stage = new Stage();
  stage.fake.misbehave.set(273, () => ({ kind: "body", status: 0, bytes: u32(99) }));
  stage.open({ backoff: { firstMs: 10, maxMs: 80 } });
  await Bun.sleep(400);
  expect(stage.fake.connections).toBeLessThanOrEqual(8);
});

test("a libvirtd that announces 32 MiB again and again uses no memory", async () => {
  await using stage = new Stage();
  const announced = new Uint8Array(28);
  new DataView(announced.buffer).setUint32(0, 33_554_432);
  stage.fake.misbehave.set(66, () => ({ kind: "raw", bytes: announced }));
  const before = process.memoryUsage().arrayBuffers;
  stage.open({ callTimeoutMs: 3, backoff: { firstMs: 1, maxMs: 1 } });
  await until(() => stage.fake.connections > 50);
  Bun.gc(true);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
});

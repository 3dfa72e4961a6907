import { afterEach, expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { Intake } from "../../src/channels/intake.ts";
import { Turn } from "../../src/channels/turn.ts";
import { startPort } from "../daemon/port.ts";
import { concat, up } from "../wire/packets.ts";
import { testChannels } from "./host.ts";

/** 200 KiB are what the kernel hands over at once of a guest that floods. */
const FLOOD = concat(...Array.from({ length: 448 }, () => up(464)));

let intakes: Intake[] = [];
afterEach(() => {
  for (const intake of intakes) intake.close();
  intakes = [];
});

/** Connections in one turn, and how many packets of each were handled. */
function connections(number: number) {
  let overruns = 0;
  const host = { turnBegins() {}, settle() {}, answered() {} };
  const turn = new Turn(host, () => void overruns++);
  const handled: number[] = Array.from({ length: number }, () => 0);
  intakes = handled.map((_, at) => {
    const handler = {
      turnBegins() {},
      turnEnds() {},
      packet() {
        handled[at] = (handled[at] ?? 0) + 1;
      },
      mayHurry: () => true,
    };
    return new Intake(464, { source: { pause() {}, resume() {} }, turn, handler });
  });
  const allHandled = async () => {
    for (let turns = 0; turns < 20; turns++) await turnEnds();
  };
  return { handled, allHandled, overruns: () => overruns };
}

test("of 1000 guests that flood together, 32 packets of each are kept once 32 MiB wait, in bounded memory", async () => {
  const { handled, allHandled, overruns } = connections(1000);
  Bun.gc(true);
  const before = process.memoryUsage().external;
  for (const intake of intakes) intake.received(FLOOD.slice());
  Bun.gc(true);
  // They sent 208 MB. 32 MiB, and 15 kB of each other one, are 46 MB.
  expect(process.memoryUsage().external - before).toBeLessThan(50_000_000);
  await allHandled();
  const whole = Math.floor((32 * 1024 * 1024) / FLOOD.length);
  expect(handled).toEqual([...Array(whole).fill(448), ...Array(1000 - whole).fill(32)]);
  expect(intakes.filter(({ framingErrors }) => framingErrors > 0)).toHaveLength(1000 - whole);
  expect(overruns()).toBe(1000 - whole);
});

test("a guest whose connection ended, or whose packets were handled, leaves its room to others", async () => {
  const { handled, allHandled, overruns } = connections(375);
  for (const intake of intakes.slice(0, 150)) intake.received(FLOOD.slice());
  for (const intake of intakes.slice(0, 75)) intake.close();
  for (const intake of intakes.slice(150, 225)) intake.received(FLOOD.slice());
  await allHandled();
  for (const intake of intakes.slice(225)) intake.received(FLOOD.slice());
  await allHandled();
  expect([handled, overruns()]).toEqual([[...Array(75).fill(0), ...Array(300).fill(448)], 0]);
});

test("the part of a packet that a guest leaves behind takes no room from others", async () => {
  const { handled, allHandled, overruns } = connections(361);
  const withPart = concat(FLOOD, up(464).subarray(0, 460));
  for (const first of [0, 100]) {
    for (const intake of intakes.slice(first, first + 100)) intake.received(withPart.slice());
    await allHandled();
  }
  // 161 floods leave 87,040 bytes of room, and 200 such parts are 92,000.
  for (const intake of intakes.slice(200)) intake.received(FLOOD.slice());
  await allHandled();
  expect([handled, overruns()]).toEqual([Array(361).fill(448), 0]);
});

test("the daemon warns once that bytes of guests are dropped, and says where to look", async () => {
  using host = testChannels();
  const port = startPort(host.path("vm.0"));
  host.channels.scan();
  await port.ready();
  const before = host.lines.length;
  for (let chunk = 0; chunk < 2; chunk++)
    host.channels.of("vm")[0]?.received(new Uint8Array(33 * 1024 * 1024).fill(0xff));
  expect(host.lines.slice(before)).toEqual([
    "warning: Guests send faster than they can be answered: more than 32 MiB wait, so only the first packets of each are kept; vmpowerctl top shows which guests, at DROPS",
  ]);
  expect(host.channels.of("vm")[0]?.framingErrors).toBe(2);
  port.close();
});

test("a guest that sends 32 packets at once is never cut short", async () => {
  const { handled, allHandled, overruns } = connections(400);
  for (const intake of intakes.slice(0, 200)) intake.received(FLOOD.slice());
  for (const intake of intakes.slice(200)) intake.received(FLOOD.slice(0, 32 * 464));
  await allHandled();
  expect(handled.slice(200)).toEqual(Array(200).fill(32));
  expect(overruns()).toBe(200 - Math.floor((32 * 1024 * 1024) / FLOOD.length));
});

import { expect, test } from "bun:test";
import { PacketMeter, type PacketSource } from "../../src/traffic/packet-meter.ts";

const A = "52:54:00:00:00:0a";
const B = "52:54:00:00:00:0b";

/** A source whose counters a test sets, and a clock that it moves. */
function measuring(...more: PacketSource[]) {
  const counters = new Map<string, number>();
  const asked: string[] = [];
  const clock = { ms: 0 };
  const source: PacketSource = async (vm, mac) => {
    asked.push(`${vm} ${mac}`);
    return counters.get(`${vm} ${mac}`);
  };
  return { counters, asked, clock, meter: new PacketMeter([source, ...more], () => clock.ms) };
}

const one = (id: number, vm: string, ...macs: string[]) => ({ id, vm, macs });

test("the rate is the sum of all interfaces, by the time that has passed", async () => {
  const { counters, clock, meter } = measuring();
  counters.set(`web1 ${A}`, 100);
  counters.set(`web1 ${B}`, 5000);
  const wanted = [one(7, "web1", A, B)];
  expect([...(await meter.measure(wanted))]).toEqual([]);
  clock.ms = 500;
  counters.set(`web1 ${A}`, 600);
  counters.set(`web1 ${B}`, 5250);
  expect([...(await meter.measure(wanted))]).toEqual([[7, 1500]]);
});

test("an address of another VM counts nothing, and a source that vanishes is told", async () => {
  const { counters, clock, meter } = measuring();
  counters.set(`db1 ${A}`, 100);
  const wanted = [one(7, "web1", A), one(8, "db1", A)];
  await meter.measure(wanted);
  clock.ms = 1000;
  expect([...(await meter.measure(wanted))]).toEqual([
    [7, undefined],
    [8, 0],
  ]);
  counters.clear();
  clock.ms = 2000;
  expect((await meter.measure(wanted)).get(8)).toBeUndefined();
});

test("a counter that goes back is that of another interface: nothing is compared with it", async () => {
  const { counters, clock, meter } = measuring();
  const wanted = [one(7, "web1", A)];
  const rates: unknown[] = [];
  for (const packets of [1000, 2000, 10, 1010, Number.NaN, -5]) {
    counters.set(`web1 ${A}`, packets);
    clock.ms += 1000;
    const found = await meter.measure(wanted);
    rates.push(found.has(7) ? found.get(7) : "unknown yet");
  }
  expect(rates).toEqual(["unknown yet", 1000, "unknown yet", 1000, undefined, undefined]);
});

test("the second source is asked where the first has nothing", async () => {
  const { clock, meter } = measuring(async (_vm, mac) => (mac === A ? clock.ms : undefined));
  const wanted = [one(7, "web1", A)];
  await meter.measure(wanted);
  clock.ms = 1000;
  expect([...(await meter.measure(wanted))]).toEqual([[7, 1000]]);
});

test("one round looks at 256 interfaces, and everybody has a turn", async () => {
  const { counters, asked, clock, meter } = measuring();
  const wanted = Array.from({ length: 40 }, (_, id) => {
    const macs = Array.from(
      { length: 10 },
      (_, i) => `52:54:00:00:${id.toString(16).padStart(2, "0")}:0${i}`,
    );
    for (const mac of macs) counters.set(`vm${id} ${mac}`, 0);
    return one(id, `vm${id}`, ...macs);
  });
  const seen = new Set<number>();
  for (let round = 0; round < 4; round++) {
    asked.length = 0;
    clock.ms += 1000;
    for (const [id, rate] of await meter.measure(wanted)) if (rate === 0) seen.add(id);
    expect(asked.length).toBeLessThanOrEqual(256);
  }
  expect(seen.size).toBe(40);
});

import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting } from "../../src/base/clock.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { TrafficWatch } from "../../src/daemon/host/traffic-watch.ts";
import { PacketMeter } from "../../src/traffic/packet-meter.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";
import { until } from "./until.ts";

const MAC = "52:54:00:12:34:56";

/** A VM with a policy by traffic, and a source of numbers that a test plays. */
function watching(answer: () => Promise<number | undefined>) {
  const written: Setting[] = [];
  const lines: string[] = [];
  const { time, alarm, moment: present } = realTime();
  let hours = 0;
  const moment = () => {
    hours++;
    return present();
  };
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const cpufreq = recordingCpufreq([clock([0])], written);
  const log = keepLines(lines);
  const clocks = new Clocks({ arbiter, cpufreq, log, time, alarm, moment, ordersEnded() {} });
  clocks.settle(arbiter.setClocks([clock([0])]), "the start");
  clocks.settle(arbiter.setDomain(domain("web1", [[0]]), FREE), "web1");
  let asked = 0;
  const meter = new PacketMeter(
    [
      (vm, mac) => {
        expect([vm, mac]).toEqual(["web1", MAC]);
        asked++;
        return answer();
      },
    ],
    () => performance.now(),
  );
  const watch = new TrafficWatch({ arbiter, clocks, alarm, log, moment, meter });
  const traffic = { macs: [MAC], avgPackets: 1000, maxPackets: 1_000_000_000 };
  const policy = {
    rule: { kind: "traffic", traffic },
    resources: [0],
    physical: false,
    by: undefined,
  } as const;
  return {
    ...{ alarm, arbiter, clocks, lines, watch, written },
    asked: () => asked,
    hours: () => hours,
    set: () => clocks.perform(arbiter.policies.set("web1", policy, moment())),
  };
}

test("it measures while a policy depends on traffic, and is off otherwise", async () => {
  const began = performance.now();
  const played = watching(async () => 5000 * (performance.now() - began));
  played.watch.consider();
  await Bun.sleep(30);
  expect([played.asked(), played.alarm.has("traffic")]).toEqual([0, false]);
  await played.set();
  played.watch.consider();
  played.watch.consider();
  // Five million packets a second: the middle entry.
  await until(() => played.written.includes(3));
  expect(played.asked()).toBe(2);
  played.clocks.settle(played.arbiter.policies.remove("web1"), "the test");
  await until(() => !played.alarm.has("traffic"), 3000);
  expect(played.asked()).toBe(2);
  played.alarm.close();
}, 10_000);

test("without a policy a heartbeat does not even look up the hour of the day", async () => {
  const played = watching(async () => 0);
  const beat = () => {
    played.clocks.tick();
    played.watch.consider();
  };
  beat();
  beat();
  expect(played.hours()).toBe(0);
  await played.set();
  const set = played.hours();
  beat();
  expect(played.hours()).toBeGreaterThan(set);
  played.alarm.close();
});

test("a source that vanishes is told once, and one that answers too late changes nothing after the end", async () => {
  const answers: ((packets: number | undefined) => void)[] = [];
  const played = watching(() => new Promise((resolve) => answers.push(resolve)));
  await played.set();
  played.watch.consider();
  await until(() => answers.length === 1);
  answers[0]?.(undefined);
  await until(() => played.lines.length === 1);
  expect(played.lines).toEqual([
    `A guest policy of web1 depends on traffic, but no packets are counted for ${MAC}: it wants nothing`,
  ]);
  await until(() => answers.length === 2, 3000);
  played.watch.close();
  played.alarm.close();
  const before = [...played.written];
  answers[1]?.(7);
  await Bun.sleep(10);
  expect([played.lines.length, played.written, answers.length]).toEqual([1, before, 2]);
}, 10_000);

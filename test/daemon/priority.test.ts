import { expect, test } from "bun:test";
import { Priority } from "../../src/daemon/priority.ts";

/** A process whose use of the CPU the test says, and a kernel that may refuse. */
function process(options: { refuses?: boolean } = {}) {
  const calls: string[] = [];
  let usedUs = 0n;
  let monoMs = 0;
  const priority = new Priority({
    becomeRealtime() {
      calls.push(`${monoMs} realtime`);
      return options.refuses !== true;
    },
    becomeOrdinary() {
      calls.push(`${monoMs} ordinary`);
      return true;
    },
    processCpuUs: () => usedUs,
  });
  return {
    calls,
    begin: () => priority.begin(monoMs),
    /** Runs for a time in turns of 1 ms, and uses that part of a CPU. */
    run(lengthMs: number, share: number) {
      for (let ms = 0; ms < lengthMs; ms++) {
        monoMs++;
        usedUs += BigInt(share * 1000);
        priority.turned(monoMs);
      }
    },
    sleep(lengthMs: number) {
      monoMs += lengthMs;
      priority.turned(monoMs);
    },
  };
}

test("a daemon that uses half of a CPU or less keeps its realtime priority", () => {
  const daemon = process();
  expect(daemon.begin()).toBe(true);
  daemon.run(10_000, 0.5);
  daemon.sleep(60_000);
  expect(daemon.calls).toEqual(["0 realtime"]);
});

test("a flood takes the realtime priority from the daemon within 50 ms, until it is over", () => {
  const daemon = process();
  daemon.begin();
  daemon.run(3000, 0.9);
  daemon.run(2000, 0.1);
  expect(daemon.calls).toEqual(["0 realtime", "50 ordinary", "3600 realtime"]);
});

test("a daemon that gets its priority back during a flood has it for 50 ms, and loses it for ever longer, up to a second", () => {
  const daemon = process();
  daemon.begin();
  // Among many others an ordinary daemon gets little of the CPU, and so does not look greedy.
  for (const ordinaryMs of [50, 100, 200, 400, 800, 1000, 1000]) {
    daemon.run(50, 0.95);
    daemon.run(ordinaryMs, 0.3);
  }
  expect(daemon.calls).toEqual([
    ...["0 realtime", "50 ordinary", "100 realtime", "150 ordinary", "250 realtime", "300 ordinary"],
    ...["500 realtime", "550 ordinary", "950 realtime", "1000 ordinary", "1800 realtime"],
    ...["1850 ordinary", "2850 realtime", "2900 ordinary", "3900 realtime"],
  ]);
});

test("a burst after a second without one costs the priority for 50 ms only", () => {
  const daemon = process();
  daemon.begin();
  for (let burst = 0; burst < 3; burst++) {
    daemon.run(50, 0.95);
    daemon.run(1050, 0.1);
  }
  expect(daemon.calls).toEqual([
    ...["0 realtime", "50 ordinary", "100 realtime", "1150 ordinary", "1200 realtime"],
    ...["2250 ordinary", "2300 realtime"],
  ]);
});

test("what the kernel refuses is not asked again", () => {
  const daemon = process({ refuses: true });
  expect(daemon.begin()).toBe(false);
  daemon.run(5000, 0.9);
  daemon.run(5000, 0);
  expect(daemon.calls).toEqual(["0 realtime"]);
});

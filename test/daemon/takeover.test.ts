import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting } from "../../src/base/clock.ts";
import type { Domain } from "../../src/base/domain.ts";
import type { Log } from "../../src/base/log.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { Takeover } from "../../src/daemon/lifecycle/takeover.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** A daemon's arbiter and the shared clock of CPUs 4 and 5, just started with a handover of three VMs. */
function startTakeover(domains: readonly Domain[] = []) {
  const told: string[] = [];
  const written: Setting[] = [];
  const line = (message: string) => void told.push(message);
  const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
  const clocks = [clock([4, 5])];
  const cpufreq = recordingCpufreq(clocks, written);
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const known = new Map<string, Domain>();
  const { time, alarm, moment } = realTime();
  const doing = { arbiter, cpufreq, log: keepLines(told), time, alarm, moment, ordersEnded() {} };
  const parts = { arbiter, time, clocks: new Clocks(doing), vms: { domains: known } };
  parts.clocks.settle(arbiter.setClocks(clocks), "the start");
  parts.clocks.postponed = true;
  const handover = {
    wants: [want("low", 1_200_000), want("high", 2_000_000), want("gone", 2_301_000)],
    operated: [],
    policies: [],
    parked: [],
    domains,
  };
  const hear = (each: Domain) => {
    known.set(each.name, each);
    parts.clocks.settle(arbiter.setDomain(each, FREE), "a domain");
    takeover.found(each.name);
  };
  const takeover: Takeover = new Takeover(handover, {
    parts: () => parts,
    log,
    alarm,
    moment,
    hostEvents: {
      domain: hear,
      gone: (vm, detail) => told.push(`${vm} is gone: ${detail}`),
      takenOver: (names) => told.push(`taken over: ${[...names]}`),
    },
  });
  return { takeover, handover, written, told, hear, retry: () => parts.clocks.retry() };
}

function want(vm: string, khz: number) {
  const speeds = [{ clock: 4, khz, turbo: true }];
  return { vm, resource: 0, physical: false, asked: "min", askedAtMs: 7, speeds } as const;
}

const LOW = domain("low", [[4]]);
// It is not pinned, so it does not hold the baseline while it has no want.
const HIGH = domain("high", [[4, 5]]);
const TOOK_OVER = [
  "Took over from the previous daemon: low, high",
  "Not taken over, because they ended before the restart was complete: gone",
  "taken over: low,high",
];

test("a Takeover writes nothing before all VMs are known, then the highest of their claims", () => {
  const { takeover, handover, written, told, hear, retry } = startTakeover();
  hear(LOW);
  hear(HIGH);
  retry();
  expect([written, takeover.pending]).toEqual([[], handover]);
  takeover.complete();
  takeover.complete();
  expect([written, takeover.pending, told]).toEqual([[2], undefined, TOOK_OVER]);
});

test("while the hypervisor is away, VMs are assumed unchanged until it reports them", () => {
  const { takeover, written, told, hear } = startTakeover([LOW, HIGH]);
  takeover.presume();
  takeover.presume();
  const away = "The hypervisor has not reported high, low: assumed to be as before the restart";
  expect([written, takeover.pending, told.splice(0)]).toEqual([[2], undefined, [away, ...TOOK_OVER]]);
  hear(domain("low", [[4]]));
  takeover.complete();
  takeover.complete();
  expect(told).toEqual(["high is gone: unseen"]);
});

test("claims from before a new start of the VM are not taken over", () => {
  const { takeover, written, told, hear } = startTakeover([
    { ...LOW, run: "a:1" },
    { ...HIGH, run: "b:2" },
  ]);
  hear({ ...LOW, run: "a:1" });
  hear({ ...HIGH, run: "b:3" });
  takeover.complete();
  expect([written, told[1]]).toEqual([
    [5],
    "Not taken over, because they ended before the restart was complete: high, gone",
  ]);
});

test("reports of the hypervisor from before it went away have precedence over the handover", () => {
  const { takeover, written, told, hear } = startTakeover([domain("low", [[5]]), HIGH]);
  hear(LOW);
  takeover.presume();
  expect([written, told[0]]).toEqual([
    [2],
    "The hypervisor has not reported high: assumed to be as before the restart",
  ]);
});

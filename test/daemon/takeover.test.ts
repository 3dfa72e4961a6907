import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting } from "../../src/base/clock.ts";
import { Clocks } from "../../src/daemon/clocks.ts";
import { Takeover } from "../../src/daemon/takeover.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";

function want(vm: string, khz: number) {
  const speeds = [{ clock: 4, khz, turbo: true }];
  return { vm, resource: 0, physical: false, asked: "min", askedAtMs: 7, speeds } as const;
}

test("a Takeover writes nothing before all VMs are known, then what the highest of them wants", () => {
  const written: Setting[] = [];
  const silent = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
  const told: string[] = [];
  const clocks = [clock([4, 5])];
  const cpufreq = recordingCpufreq(clocks, written);
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const parts = { arbiter, cpufreq, clocks: new Clocks(arbiter, cpufreq, silent) };
  parts.clocks.settle(arbiter.setClocks(clocks), "the start");
  parts.clocks.postponed = true;
  const handover = {
    wants: [want("low", 1_200_000), want("high", 2_000_000), want("gone", 2_301_000)],
    operated: [],
  };
  const takeover = new Takeover(handover, {
    parts: () => parts,
    log: silent,
    takenOver: (vms) => told.push(...vms),
  });
  // The second floats, so that while it says nothing it does not count.
  for (const each of [domain("low", [[4]]), domain("high", [[4, 5]])]) {
    parts.clocks.settle(arbiter.setDomain(each, FREE), "a domain");
    takeover.found(each.name);
  }
  parts.clocks.retry();
  expect([written, takeover.pending]).toEqual([[], handover]);
  takeover.settle();
  takeover.settle();
  expect([written, takeover.pending, told]).toEqual([[2], undefined, ["low", "high"]]);
});

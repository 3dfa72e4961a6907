import { expect, test } from "bun:test";
import type { Domain } from "../../src/base/domain.ts";
import { VcpuBusy } from "../../src/daemon/energy/vcpu-busy.ts";

const WEB1: Domain = {
  name: "web1",
  run: "1",
  state: "running",
  origin: "booted",
  pins: [[2], [3]],
  channels: undefined,
};
const times = (...ns: readonly number[]) => new Map(ns.map((each, vcpu) => [vcpu, each]));

test("VcpuBusy compares CPU times of one run", () => {
  const busy = new VcpuBusy();
  expect(busy.take(WEB1, times(5e9, 7e9), 1_000)).toEqual([1, 1]);
  expect(busy.take(WEB1, times(5.5e9, 9e9), 2_000)).toEqual([0.5, 1]);
  // It started anew, so its times did.
  expect(busy.take({ ...WEB1, run: "2" }, times(1e6, 2e6), 3_000)).toEqual([1, 1]);
  expect(busy.take({ ...WEB1, run: "2" }, times(501e6, 2e6), 4_000)).toEqual([0.5, 0]);
});

test("VcpuBusy remembers where nothing is told, and takes an unknown VM for one that polls", () => {
  const busy = new VcpuBusy();
  expect(busy.take(WEB1, undefined, 0)).toEqual([1, 1]);
  busy.take(WEB1, times(0, 0), 1_000);
  busy.take(WEB1, times(25e7, 1e9), 2_000);
  expect(busy.take(WEB1, undefined, 3_000)).toEqual([0.25, 1]);
  // The time of both intervals is compared with the time that was told for both.
  expect(busy.take(WEB1, times(125e7, 1e9), 4_000)).toEqual([0.5, 0]);
  busy.keep(() => false);
  expect(busy.take(WEB1, undefined, 5_000)).toEqual([1, 1]);
});

test("VcpuBusy: paused VMs and vCPUs that are offline run nothing", () => {
  const busy = new VcpuBusy();
  expect(busy.take({ ...WEB1, state: "paused" }, undefined, 0)).toEqual([0, 0]);
  busy.take(WEB1, times(0), 1_000);
  expect(busy.take(WEB1, times(1e9), 2_000)).toEqual([1, 0]);
});

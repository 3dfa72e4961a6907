import { expect, test } from "bun:test";
import fc from "fast-check";
import { isSavedPolicy } from "../../src/daemon/lifecycle/saved-policy.ts";

const PLAN = [...new Array(23).fill(null), "traffic"];
const TRAFFIC = { macs: ["52:54:00:12:34:56"], avgPackets: 1, maxPackets: 2 };
const COMMON = { vm: "web1", resources: [0, 1], physical: false, atMs: 7 };

const SOUND: readonly object[] = [
  { ...COMMON, rule: { kind: "workload", speed: "min" } },
  { ...COMMON, rule: { kind: "traffic", traffic: TRAFFIC }, speed: "max", by: "root" },
  { ...COMMON, rule: { kind: "time", plan: PLAN, traffic: TRAFFIC } },
  { ...COMMON, rule: { kind: "workload", speed: "max" }, turbo: [[0, false]] },
];

test("what a daemon saves is a policy", () => {
  expect(SOUND.map((each) => isSavedPolicy(structuredClone(each)))).toEqual([true, true, true, true]);
});

test("a file that another hand has written is judged field by field", () => {
  const [workload, traffic, time] = SOUND as { rule: object }[];
  const wrong = [
    null,
    [],
    { ...workload, vm: 7 },
    { ...workload, rule: { kind: "workload", speed: "fast" } },
    { ...workload, rule: { kind: "branch-ratio" } },
    { ...workload, resources: [-1] },
    { ...workload, resources: [Number.NaN] },
    { ...workload, resources: "0" },
    { ...workload, physical: 1 },
    { ...workload, by: 0 },
    { ...workload, atMs: -1 },
    { ...workload, turbo: [0] },
    { ...workload, turbo: [[-1, true]] },
    { ...workload, turbo: [[0, 1]] },
    { ...traffic, speed: "turbo" },
    { ...traffic, rule: { kind: "traffic" } },
    { ...traffic, rule: { kind: "traffic", traffic: { ...TRAFFIC, macs: ["52:54"] } } },
    {
      ...traffic,
      rule: { kind: "traffic", traffic: { ...TRAFFIC, macs: new Array(11).fill(TRAFFIC.macs[0]) } },
    },
    { ...traffic, rule: { kind: "traffic", traffic: { ...TRAFFIC, maxPackets: "2" } } },
    { ...time, rule: { kind: "time", plan: PLAN.slice(1), traffic: TRAFFIC } },
    { ...time, rule: { kind: "time", plan: [...PLAN.slice(1), "medium"], traffic: TRAFFIC } },
    { ...time, rule: { kind: "time", plan: PLAN } },
  ];
  expect(wrong.map(isSavedPolicy)).toEqual(wrong.map(() => false));
});

test("no value of JSON makes it throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => expect(typeof isSavedPolicy(value)).toBe("boolean")));
});

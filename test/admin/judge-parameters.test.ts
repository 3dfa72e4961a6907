import { expect, test } from "bun:test";
import { judgeParameters, PARAMETER_RULES } from "../../src/admin/parameters.ts";

const YEAR_S = 31_622_400;
/** The least and the most of each number, and of how many different ones a list has at most. By hand from the interface. */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number, items?: number]>> = {
  cpu: [0, 8191],
  cpus: [0, 8191, 8192],
  pcpus: [0, 8191, 8192],
  vcpu: [0, 4095],
  vcpus: [1, 1024],
  vcpuNumbers: [0, 4095, 4096],
  busyHours: [0, 23, 24],
  quietHours: [0, 23, 24],
  trafficHours: [0, 23, 24],
  avgPackets: [0, 100_000_000],
  maxPackets: [0, 100_000_000],
  id: [1, 100_000_000],
  count: [1, 4096],
  channels: [0, 99_999, 1024],
  leaseSec: [1, YEAR_S],
  "Ask.cpus": [0, 8191, 64],
  "AskByPolicy.cpus": [0, 8191, 64],
  khz: [1, 100_000_000],
  fromMs: [0, 8.64e15],
  toMs: [0, 8.64e15],
  seconds: [1, YEAR_S],
  forSeconds: [1, YEAR_S],
};
/** The most bytes of each text, and of how many different ones a list has at most. */
const TEXTS: Readonly<Record<string, readonly [bytes: number, items?: number]>> = {
  vm: [250],
  vms: [250, 1024],
  "AddVm.vm": [250],
  "GetContract.vm": [250],
  "SetContract.vm": [250],
  "GetChannelConfig.vm": [250],
  "AddChannelConfig.vm": [250],
  "AttachChannels.vm": [250],
  "GetAttachPlan.vm": [250],
  "SetState.vms": [250],
  settings: [512, 64],
  keys: [512, 64],
  reason: [512],
  kinds: [512, 16],
  state: [512],
  app: [250],
  asker: [250],
};

/** What a method gets for a parameter, by the name of its rule. */
function judge(rule: string, value: unknown): unknown {
  const [name = "", method = "AnyMethod"] = rule.split(".").reverse();
  const judged = judgeParameters(method, { [name]: value });
  return judged.ok ? (judged.value as Record<string, unknown>)[name] : judged.why;
}

/** Whether values are allowed, each alone or in a list of its own. */
function allowed(rule: string, isList: boolean, values: readonly unknown[]): boolean[] {
  return values.map((value) => {
    const given = isList ? [value] : value;
    const judged = judge(rule, given);
    return JSON.stringify(judged) === JSON.stringify(given);
  });
}

test.each(Object.entries(NUMBERS))("%s has its least and its most", (rule, [least, most, items]) => {
  const values = [least - 1, least, most, most + 1, `${least}`];
  expect(allowed(rule, items !== undefined, values)).toEqual([false, true, true, false, false]);
});

test.each(Object.entries(TEXTS))("%s has its longest text, counted in bytes", (rule, [bytes, items]) => {
  const values = ["é".repeat(bytes / 2), `${"é".repeat(bytes / 2 - 1)}xxx`, 5];
  expect(allowed(rule, items !== undefined, values)).toEqual([true, false, false]);
});

test("a list has its most different items, each counted once", () => {
  const limits = [...Object.entries(NUMBERS), ...Object.entries(TEXTS)].flatMap(([rule, limits]) => {
    const items = limits.at(-1) as number;
    const isList = rule in NUMBERS ? limits.length === 3 : limits.length === 2;
    // Of CPUs and hours there are no more.
    return isList && items < 4096 && items !== 24 ? [[rule, items] as const] : [];
  });
  const sizes = limits.map(([rule, most]) => {
    const list = (count: number) =>
      Array.from({ length: count }, (_, i) => (rule in NUMBERS ? i : `item${i}`));
    const twice = [...list(most), ...list(most)];
    const name = rule.split(".").at(-1);
    return [rule, (judge(rule, twice) as unknown[]).length, judge(rule, list(most + 1)) === name];
  });
  expect(sizes).toEqual(limits.map(([rule, most]) => [rule, most, true]));
});

test("MAC addresses are ten at most, in lower case with colons", () => {
  const macs = Array.from({ length: 11 }, (_, i) => `52:54:00:12:34:${i.toString(16).padStart(2, "0")}`);
  expect([judge("macs", macs.slice(0, 10)), judge("macs", macs)]).toEqual([macs.slice(0, 10), "macs"]);
  expect([judge("macs", ["52:54:00:12:34:5G"]), judge("macs", [5])]).toEqual(["macs", "macs"]);
});

test("a new VM has a name that a VM can have, and any is looked up", () => {
  for (const rule of Object.keys(TEXTS).filter((each) => each.endsWith(".vm")))
    expect([judge(rule, "a/b"), judge(rule, "web1")]).toEqual(["vm", "web1"]);
  expect(judge("vm", "a/b")).toBe("a/b");
});

test("what has no rule, or is absent, is left as it is", () => {
  const parameters = { hold: true, cpu: undefined, text: "x".repeat(10_000) };
  expect(judgeParameters("AnyMethod", parameters)).toEqual({ ok: true, value: parameters });
});

test("every rule is in the tables here", () => {
  const known = [...Object.keys(NUMBERS), ...Object.keys(TEXTS), "macs", "text"];
  expect([...PARAMETER_RULES.keys()].sort()).toEqual(known.sort());
});

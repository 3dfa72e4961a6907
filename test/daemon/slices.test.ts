import { describe, expect, test } from "bun:test";
import { type CallName, ControlError, METHODS } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Domain } from "../../src/base/domain.ts";
import { success } from "../../src/base/result.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { rulesOf } from "../../src/config/contract/rules.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { Contracts } from "../../src/daemon/host/contracts.ts";
import { metricsText } from "../../src/daemon/metrics/metrics-text.ts";
import { control } from "../../src/daemon/operators/control.ts";
import { eachStep, LoopSlices, STEPS_PER_TURN } from "../../src/daemon/operators/loop-slices.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { Usage } from "../../src/daemon/usage/usage.ts";
import { LIBVIRT_REMEDIES } from "../../src/hypervisor/libvirt/remedies.ts";
import { sampleStruct } from "../admin/sample-values.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { DEFAULTS } from "../config/harness.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** The clock stands still, so only the number of steps limits a slice. */
const NO_TIME = () => 0;

const NO_RULES = { named: new Map(), patterns: new Map(), classes: new Map(), states: new Map() };
const CONFIG = { ...DEFAULTS, rules: rulesOf(NO_RULES), listing: [], schedules: [], apps: [] };
const CALLER = { uid: 0, gid: 0, pid: 7 };
const CPUS = Array.from({ length: 1024 }, (_, pcpu) => pcpu);
const VMS = CPUS.filter((pcpu) => pcpu % 2 === 0).map((pcpu) => domain(`vm${pcpu}`, [[pcpu], [pcpu + 1]]));
const CHANNELS_PER_VM = 8;

/** The most looks at parts in one step: a step handles one CPU, VM or vCPU. An order needs more than a look. */
const LOOKS_PER_STEP: Partial<Record<CallName, number>> = {
  GetStatus: 1,
  GetMetrics: 1,
  ListVms: 1,
  ListChannels: 1 / 16,
  ListCpus: 4,
  GetLoad: 4,
  Verify: 4,
  SetCpuFreq: 12,
  Restore: 12,
};

/** Looks in the current turn of the event loop, and in the call before it. */
const looksPerTurn = (name: CallName) => 2 * STEPS_PER_TURN * (LOOKS_PER_STEP[name] ?? 4);

/** A large host that counts the looks at its parts. */
function largeHost() {
  const count = { looks: 0 };
  /** Counts each call of a part's methods. */
  const counted = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          count.looks++;
          return value.apply(target, args);
        };
      },
    });
  const { time, alarm, moment } = realTime();
  const clocksOf = CPUS.map((pcpu) => clock([pcpu]));
  const cpufreq = counted(recordingCpufreq(clocksOf, []));
  const arbiter = counted(new Arbiter({ multiPin: "all", multiPinMax: 4 }));
  const clocks = new Clocks({ arbiter, cpufreq, log: keepLines([]), time, alarm, moment, ordersEnded() {} });
  clocks.settle(arbiter.setClocks(clocksOf), "the start");
  for (const each of VMS) clocks.settle(arbiter.setDomain(each, FREE), "the start");
  const usage = new Usage({ arbiter, cpufreq, time });
  usage.follow(VMS);
  const channels = VMS.flatMap(({ name }) => channelsOf(name, count));
  const byVm = Map.groupBy(channels, ({ vm }) => vm);
  const parts = {
    ...{ arbiter, clocks, cpufreq, time, alarm, startedAtMs: 0, slices: new LoopSlices(NO_TIME), usage },
    config: () => CONFIG,
    configProblem: () => undefined,
    schedules: { forVm: () => [] },
    energy: undefined,
    knobs: { unmet: () => new Set() },
    channels: {
      list: () => channels,
      of: (vm: string) => byVm.get(vm) ?? [],
      problem: () => undefined,
      reconsider() {},
    },
    vms: {
      domains: new Map<string, Domain>(VMS.map((each) => [each.name, each])),
      isAdded: () => true,
      contracts: new Contracts(
        () => CONFIG,
        () => ({}),
      ),
      metadata: () => ({ layer: new Map(), problems: [] }),
      decide() {},
    },
    store: {
      vmNames: () => [],
      states: [],
      stateOf: () => undefined,
      setStates: () => success(undefined),
      knows: () => false,
      vm: () => ({}),
      setVm: () => success(undefined),
      noteCpu() {},
      save: () => success(undefined),
    },
    acts: counted({ report() {} }),
    events: { subscribe: () => () => {} },
    rates: new Rates(
      () => ({ requestsPerSecond: 1, burst: 1 }),
      () => {},
    ),
    recordings: { begin: () => () => {} },
    meters: { all: new Map() },
    askers: { all: new Map() },
    fifos: { list: () => CPUS.map((cpu) => ({ cpu, path: `/fifo${cpu}`, objection: undefined })) },
    attachHelper: { isThere: () => false, attach: async () => success({ present: [], attached: [] }) },
    hypervisor: {
      lookAgain() {},
      status: () => ({ driver: "libvirt", uri: "x:///", state: "connected", problem: undefined, domains: 0 }),
      remedies: LIBVIRT_REMEDIES,
      orders: new Proxy({}, { get: () => async () => success({ present: [], missing: [], devices: "" }) }),
    },
  } as unknown as Parts;
  count.looks = 0;
  return { parts, count, control: control(() => parts) };
}

/** The channels of a VM. Adding up one channel counts as a sixteenth of a look. */
function channelsOf(vm: string, count: { looks: number }): Channel[] {
  return Array.from({ length: CHANNELS_PER_VM }, (_, number) => {
    const counters = { requests: 1, granted: 1, refused: 0, malformed: 0, repliesDropped: 0, writes: 1 };
    return {
      ...{ vm, number, path: `/${vm}.${number}`, status: "connected", enabled: true },
      framer: { framingErrors: 0, abi: 464 },
      get counters() {
        count.looks += 1 / 16;
        return { ...counters, writesRefused: 0 };
      },
    } as unknown as Channel;
  });
}

/** Waits for a reply; returns the most looks in one turn of the event loop, and the number of turns. */
async function measured(
  count: { looks: number },
  call: () => unknown,
): Promise<{ most: number; all: number }> {
  let most = 0;
  let all = 0;
  let over = false;
  const turn = () => {
    most = Math.max(most, count.looks);
    all += count.looks;
    count.looks = 0;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await call();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
  }
  over = true;
  turn();
  return { most, all };
}

/** The parameters for which a method costs most. */
const COSTLIEST: Partial<Record<CallName, object>> = {
  ShowVm: { vm: "vm0" },
  ListCpus: { cpus: CPUS },
  SetCpuFreq: { cpus: CPUS, to: "max", hold: true },
  Restore: {},
  GetLoad: {},
  ExplainVcpu: { vm: "vm0", vcpu: 0 },
  GetMetrics: {},
};

describe("on a large host", () => {
  const names = Object.keys(METHODS).filter(
    (name) => !["Subscribe", "Record", "HoldCpus"].includes(name),
  ) as CallName[];

  test.each(names)("%s takes at most a slice of a turn of the event loop", async (name) => {
    const { control, count } = largeHost();
    const parameters = CONTROL.methods.get(name)?.parameters;
    const call = { ...(parameters && sampleStruct(parameters)), ...COSTLIEST[name] };
    const { most } = await measured(count, () =>
      (control[name] as (parameters: object, caller: object) => unknown)(call, CALLER),
    );
    expect(most).toBeLessThanOrEqual(looksPerTurn(name));
  });

  test.each(Object.keys(LOOKS_PER_STEP) as CallName[])(
    "%s has more work than fits into a turn, so the test above needs slices",
    async (name) => {
      const { control, count } = largeHost();
      const call = control[name] as (parameters: object, caller: object) => unknown;
      const { all } = await measured(count, () => call(COSTLIEST[name] ?? {}, CALLER));
      expect(all).toBeGreaterThan(2 * looksPerTurn(name));
    },
  );

  test("a scrape of all metrics takes at most a slice of a turn", async () => {
    const { parts, count } = largeHost();
    const { most, all } = await measured(count, () => parts.slices.run(metricsText("prometheus", parts)));
    expect(most).toBeLessThanOrEqual(looksPerTurn("GetMetrics"));
    expect(all).toBeGreaterThan(looksPerTurn("GetMetrics"));
  });

  test("eight calls at once share one slice in a turn", async () => {
    const { control, count } = largeHost();
    const list = control.ListCpus as unknown as (parameters: object, caller: object) => Promise<unknown>;
    const { most } = await measured(count, () =>
      Promise.all(Array.from({ length: 8 }, () => list({ cpus: CPUS }, CALLER))),
    );
    expect(most).toBeLessThanOrEqual(looksPerTurn("ListCpus"));
  });
});

describe("LoopSlices", () => {
  test("finishes work that fits into a turn at once", () => {
    expect(new LoopSlices(NO_TIME).run(eachStep([1, 2, 3], (n) => n * 2))).toEqual([2, 4, 6]);
  });

  test("ends a slice that took long, however few steps it had", async () => {
    let nowMs = 0;
    const slices = new LoopSlices(() => nowMs);
    const job = eachStep([1, 2, 3], (n) => {
      nowMs += 0.2;
      return n;
    });
    const answer = slices.run(job);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toEqual([1, 2, 3]);
  });

  test("lets jobs take turns, whatever their order", async () => {
    const slices = new LoopSlices(NO_TIME);
    const steps: string[] = [];
    const job = (name: string) =>
      slices.run(
        eachStep(Array.from({ length: STEPS_PER_TURN * 3 }), () => {
          if (steps.at(-1) !== name) steps.push(name);
        }),
      );
    await Promise.all([job("a"), job("b")]);
    expect(steps.join("").startsWith("aba")).toBe(true);
  });

  test("cancels jobs when the daemon stops, and starts no others", async () => {
    const slices = new LoopSlices(NO_TIME);
    let steps = 0;
    const under = slices.run(eachStep(Array.from({ length: 1000 }), () => ++steps)) as Promise<unknown>;
    slices.close();
    const reached = steps;
    await expect(under).rejects.toThrow("The daemon is stopping");
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toBe(reached);
    expect(() => slices.run(eachStep([1], () => 1))).toThrow("The daemon is stopping");
  });

  test("passes on a failure of a step, at once or later", async () => {
    const slices = new LoopSlices(NO_TIME);
    const fail = (at: number) => eachStep([...Array(at + 1).keys()], (n) => (n === at ? explode() : n));
    expect(() => slices.run(fail(0))).toThrow("boom");
    await expect(slices.run(fail(500)) as Promise<unknown>).rejects.toThrow("boom");
  });
});

function explode(): never {
  throw new Error("boom");
}

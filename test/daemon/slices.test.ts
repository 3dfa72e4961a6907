import { describe, expect, test } from "bun:test";
import { type CallName, ControlError, METHODS } from "../../src/admin/control.ts";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { metricsText } from "../../src/daemon/metrics/metrics-text.ts";
import { eachStep, LoopSlices, STEPS_PER_TURN } from "../../src/daemon/operators/loop-slices.ts";
import { sampleStruct } from "../admin/sample-values.ts";
import { CALLER, CPUS, largeHost, NO_TIME } from "./large-host.ts";

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

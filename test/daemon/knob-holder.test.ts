import { expect, test } from "bun:test";
import { NO_KNOBS } from "../../src/base/knobs.ts";
import { KnobHolder, type KnobHolderOptions } from "../../src/daemon/host/knobs.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines } from "./time.ts";

test("a beat looks at 64 clocks at most, and one that refused is tried again when its turn comes after 5 s", async () => {
  const ids = Array.from({ length: 100 }, (_, id) => id);
  const tried: number[] = [];
  let monoMs = 0;
  const cpufreq = {
    ...recordingCpufreq([], []),
    clocks: () => ids.map((id) => ({ id })),
    held: () => ({ knobs: NO_KNOBS, missing: [] }),
    hold: async (id: number) => {
      tried.push(id);
      return { reason: "epp: EBUSY" };
    },
  };
  const holder = new KnobHolder({
    arbiter: { knobs: { on: (clock: number) => ({ clock, wanted: { epp: "power" } }) } },
    cpufreq,
    log: keepLines([]),
    time: () => ({ monoMs, wallMs: 0 }),
  } as unknown as KnobHolderOptions);
  const beatAt = async (ms: number) => {
    monoMs = ms;
    holder.beat();
    await Bun.sleep(0);
    return tried.splice(0);
  };
  expect(await beatAt(0)).toEqual(ids.slice(0, 64));
  expect(await beatAt(4000)).toEqual(ids.slice(64)); // and 0 to 27, which wait
  expect(await beatAt(8000)).toEqual(ids.slice(28, 64)); // and 64 to 91, which wait
});

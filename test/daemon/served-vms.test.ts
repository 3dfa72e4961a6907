import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { KnobHolder } from "../../src/daemon/host/knobs.ts";
import { ServedVms } from "../../src/daemon/host/served-vms.ts";
import { Takeover } from "../../src/daemon/lifecycle/takeover.ts";
import { OperatorStore } from "../../src/daemon/operators/operator-store.ts";
import { domain } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

test("admit() accepts only the channels in the VM's definition, and no other socket with its name", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-served-"));
  try {
    const loaded = loadConfig("/nowhere", { defaultPath: "/nowhere" });
    if ("problems" in loaded) throw new Error("Expected the defaults to be sound");
    const log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
    const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
    const cpufreq = recordingCpufreq([], []);
    const { time, alarm, moment } = realTime();
    const ordersEnded = () => {};
    const clocks = new Clocks({ arbiter, cpufreq, log: keepLines([]), time, alarm, moment, ordersEnded });
    const hostEvents = { domain() {}, gone() {}, takenOver() {} };
    const vms: ServedVms = new ServedVms({
      config: () => loaded.config,
      store: new OperatorStore(directory, log),
      arbiter,
      clocks,
      knobs: new KnobHolder({ arbiter, config: () => loaded.config, cpufreq, log: keepLines([]), time }),
      time,
      hypervisor: () => undefined,
      takeover: new Takeover(undefined, {
        parts: () => ({ arbiter, clocks, vms, time }),
        log,
        alarm,
        moment,
        hostEvents,
      }),
    });
    vms.set({ ...domain("web1", [[2]]), channels: new Map([["/tmp/powermonitor/web1.0", 0]]) });
    const objection = (path: string, number = 0) =>
      vms.admit({ vm: "web1", number, path } as Channel)?.reason;
    expect(objection("/tmp/powermonitor/web1.0")).toBeUndefined();
    expect(objection("/tmp/powermonitor/web1.1")).toBe("its VM's definition has no such channel");
    expect(objection("/tmp/powermonitor/web1.0", 1)).toBe("its VM's definition has no such channel");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

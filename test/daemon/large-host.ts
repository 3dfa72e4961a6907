import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Domain } from "../../src/base/domain.ts";
import { success } from "../../src/base/result.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { rulesOf } from "../../src/config/contract/rules.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { Contracts } from "../../src/daemon/host/contracts.ts";
import { control } from "../../src/daemon/operators/control.ts";
import { LoopSlices } from "../../src/daemon/operators/loop-slices.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { Usage } from "../../src/daemon/usage/usage.ts";
import { LIBVIRT_REMEDIES } from "../../src/hypervisor/libvirt/remedies.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { DEFAULTS } from "../config/harness.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** The clock stands still, so only the number of steps limits a slice. */
export const NO_TIME = () => 0;

const NO_RULES = { named: new Map(), patterns: new Map(), classes: new Map(), states: new Map() };

const CONFIG = { ...DEFAULTS, rules: rulesOf(NO_RULES), listing: [], schedules: [], apps: [] };

export const CALLER = { uid: 0, gid: 0, pid: 7 };

export const CPUS = Array.from({ length: 1024 }, (_, pcpu) => pcpu);

const VMS = CPUS.filter((pcpu) => pcpu % 2 === 0).map((pcpu) => domain(`vm${pcpu}`, [[pcpu], [pcpu + 1]]));

const CHANNELS_PER_VM = 8;

/** A large host that counts the looks at its parts. */
export function largeHost() {
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

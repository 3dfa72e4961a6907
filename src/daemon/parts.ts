import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Channels } from "../channels/channels.ts";
import type { Fifos } from "../channels/fifos/fifos.ts";
import type { AppConfig, Config } from "../config/config.ts";
import type { Cpufreq } from "../cpufreq/cpufreq.ts";
import type { Hypervisor } from "../hypervisor/hypervisor.ts";
import type { Alarm } from "./alarm.ts";
import type { Askers } from "./apps/askers.ts";
import type { AttachAtStart } from "./attach/attach-at-start.ts";
import type { AttachHelper } from "./attach/attach-helper.ts";
import type { EnergyWatch } from "./energy/energy-watch.ts";
import type { Events } from "./events/events.ts";
import type { History } from "./history/history.ts";
import type { Clocks } from "./host/clocks.ts";
import type { KnobHolder } from "./host/knobs.ts";
import type { Schedules } from "./host/schedules.ts";
import type { ServedVms } from "./host/served-vms.ts";
import type { TrafficWatch } from "./host/traffic-watch.ts";
import type { Takeover } from "./lifecycle/takeover.ts";
import type { PolicyClock } from "./local-hours.ts";
import type { LoopSlices } from "./operators/loop-slices.ts";
import type { OperatorActs } from "./operators/operator-acts.ts";
import type { OperatorStore } from "./operators/operator-store.ts";
import type { Meters } from "./packet/meters.ts";
import type { Rates } from "./packet/rates.ts";
import type { Recordings } from "./packet/recordings.ts";
import type { Stopwatch } from "./packet/stopwatch.ts";
import type { TurnClock } from "./turn-clock.ts";
import type { Usage } from "./usage/usage.ts";
import type { UsageSamples } from "./usage/usage-samples.ts";

/** All parts of the daemon. A function takes only those that it uses. */
export interface Parts {
  readonly config: () => Config;
  /** Why the configuration in the files is not in force, if a reload was refused. */
  readonly configProblem: () => string | undefined;
  readonly time: TurnClock;
  readonly moment: PolicyClock;
  readonly alarm: Alarm;
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly cpufreq: Cpufreq;
  readonly channels: Channels;
  readonly hypervisor: Hypervisor;
  readonly vms: ServedVms;
  readonly knobs: KnobHolder;
  readonly schedules: Schedules;
  readonly store: OperatorStore;
  readonly events: Events;
  readonly acts: OperatorActs;
  readonly slices: LoopSlices;
  readonly meters: Meters;
  readonly rates: Rates;
  readonly recordings: Recordings;
  readonly stopwatch: Stopwatch;
  readonly usage: Usage;
  readonly takeover: Takeover;
  readonly traffic: TrafficWatch;
  readonly askers: Askers;
  /** Undefined if no account is kept. */
  readonly energy: EnergyWatch | undefined;
  /** Undefined if none is kept. */
  readonly history: History | undefined;
  /** Undefined if no history is kept. */
  readonly samples: UsageSamples | undefined;
  readonly fifos: Fifos<AppConfig>;
  readonly attachHelper: AttachHelper;
  readonly attachAtStart: AttachAtStart;
  /** On the wall clock. */
  readonly startedAtMs: number;
}

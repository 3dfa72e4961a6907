import { join } from "node:path";
import { Arbiter } from "../arbiter/arbiter.ts";
import type { ParkingMove } from "../arbiter/parking-view.ts";
import type { PolicyView } from "../arbiter/policy-view.ts";
import type { Pcpu } from "../base/domain.ts";
import { Fifos } from "../channels/fifos/fifos.ts";
import { SpeedUse } from "../ledger/speed-use.ts";
import { makeOwnDirectory } from "../os/own-directory.ts";
import { peerCredentials } from "../os/peer-credentials.ts";
import { VERSION } from "../version.ts";
import { Alarm } from "./alarm.ts";
import { Askers } from "./apps/askers.ts";
import { FifoRequests } from "./apps/fifo-requests.ts";
import { serveRequests } from "./apps/serve.ts";
import { AttachAtStart } from "./attach/attach-at-start.ts";
import { AttachHelper } from "./attach/attach-helper.ts";
import { followHypervisor, openClocks, packetMeter, type Surroundings, watchChannels } from "./edges.ts";
import { openEnergy } from "./energy/open-energy.ts";
import { ownEnergy } from "./energy/own-energy.ts";
import { Events } from "./events/events.ts";
import { openHistory } from "./history/history.ts";
import { Clocks } from "./host/clocks.ts";
import { HostEvents } from "./host/host-events.ts";
import { KnobHolder } from "./host/knobs.ts";
import { parkingMoved, parkingRule } from "./host/parking.ts";
import { reservedCpus } from "./host/reserved.ts";
import { Schedules } from "./host/schedules.ts";
import { ServedVms } from "./host/served-vms.ts";
import { TrafficWatch } from "./host/traffic-watch.ts";
import { takeHandover } from "./lifecycle/handover.ts";
import { SoleUse } from "./lifecycle/sole-use.ts";
import { Takeover } from "./lifecycle/takeover.ts";
import { limitedLog } from "./limited-log.ts";
import { hostZone, LocalHours, policyClock } from "./local-hours.ts";
import { control } from "./operators/control.ts";
import { LoopSlices } from "./operators/loop-slices.ts";
import { OperatorActs } from "./operators/operator-acts.ts";
import { OperatorStore } from "./operators/operator-store.ts";
import { orderAgain } from "./operators/order-again.ts";
import { serveOperators } from "./operators/sockets.ts";
import { Meters } from "./packet/meters.ts";
import { PacketPath } from "./packet/packet.ts";
import { Rates } from "./packet/rates.ts";
import { Recordings } from "./packet/recordings.ts";
import { Stopwatch } from "./packet/stopwatch.ts";
import type { Parts } from "./parts.ts";
import { bootNow } from "./turn-clock.ts";
import { Usage } from "./usage/usage.ts";
import { openSamples } from "./usage/usage-samples.ts";

/** Steps to undo if a later step of the start fails, in the order of opening. */
export type Undo = (() => unknown)[];

/** Joins all parts, from the kernel upwards. */
export async function assemble(surroundings: Surroundings, undo: Undo) {
  const { config, log, time } = surroundings;
  const startedAtMs = time().wallMs;
  const sole = claimHost(surroundings, undo);

  let joined: Parts;
  const parts = () => joined;
  const service = { control: control(parts), peerOf: peerCredentials, log, version: VERSION };
  const operators = await serveOperators(config().daemon, service);
  undo.push(() => operators.close());

  const deciding = openDeciding(surroundings, { parts, undo });
  const serving = openServing(surroundings, { parts, undo, deciding });
  const { hostEvents, limited, ...decided } = deciding;
  const slices = new LoopSlices();
  const attachHelper = new AttachHelper(join(config().daemon.runtimeDirectory, "attach.sock"));
  undo.push(() => attachHelper.close());
  const { alarm } = deciding;
  const attachAtStart = new AttachAtStart({ parts, helper: attachHelper, alarm, log: limited });
  const { speeds } = deciding;
  const energy = speeds && openEnergy(surroundings, speeds, { ...decided, ...serving });
  joined = {
    config,
    configProblem: surroundings.configProblem,
    time,
    ...decided,
    ...serving,
    ...{ energy, samples: openSamples(surroundings, parts), slices, attachHelper, attachAtStart },
    startedAtMs,
  };
  const { arbiter, askers } = joined;
  const applications = await serveRequests({ config, log, limited, arbiter, askers, time });
  undo.push(() => applications?.close());

  hostEvents.reportCpus();
  joined.channels.scan();
  joined.fifos.refresh();
  return { parts: joined, hostEvents, hypervisor: serving.hypervisor, operators, applications, sole };
}

/** Makes sure that no other daemon uses the CPUs and the channels. */
function claimHost({ config, log }: Surroundings, undo: Undo): SoleUse {
  makeOwnDirectory({ path: config().daemon.runtimeDirectory, mode: 0o755, key: "RuntimeDirectory" });
  // This comes first: only the daemon that has the CPUs to itself may restore what another one left.
  const sole = new SoleUse(log);
  undo.push(() => sole.close());
  if (!config().cpufreq.dryRun) sole.claim({ key: "Root", path: config().cpufreq.root });
  sole.claim({ key: "Directory", path: config().channels.directory });
  return sole;
}

const zoneOfHost = () => hostZone(process.env);

/** How a stage of {@link assemble} reaches the parts of later stages. */
interface Stage {
  /** Only to be called when all are joined. */
  readonly parts: () => Parts;
  readonly undo: Undo;
}

type Deciding = ReturnType<typeof openDeciding>;

/** Opens what decides, and what carries it out: the arbiter, the clocks, and what operators ordered before. */
function openDeciding(surroundings: Surroundings, { parts, undo }: Stage) {
  const { config, log, time } = surroundings;
  const { runtimeDirectory, stateDirectory } = config().daemon;
  const alarm = new Alarm(time);
  undo.push(() => alarm.close());
  const limited = limitedLog(log, time);
  const moment = policyClock(time, new LocalHours(() => config().schedule.timeZone ?? zoneOfHost()));
  const hostEvents = new HostEvents(parts, { log, limited, alarm });
  const handover = takeHandover({ runtimeDirectory, log }, bootNow());
  const takeover = new Takeover(handover, { parts, log, alarm, hostEvents, moment });
  const cpufreq = openClocks(surroundings, hostEvents, { adopt: handover !== undefined });
  undo.push(() => cpufreq.close());

  const store = new OperatorStore(stateDirectory, log);
  const arbiter = new Arbiter(config().cpufreq);
  const ordersEnded = (ids: readonly Pcpu[]) => {
    for (const pcpu of ids.flatMap((id) => arbiter.setting(id)?.clock.pcpus ?? []))
      store.noteCpu(pcpu, undefined);
    alarm.after("operator-state", 0, () => store.save());
  };
  const policiesTurned = (policies: readonly PolicyView[]) => turned(policies, parts());
  const history = openHistory(surroundings, { alarm, arbiter: () => arbiter });
  const events = new Events(
    time,
    (vm, request) => arbiter.grantOf(vm, request),
    (event) => history?.event(event),
  );
  const schedules = new Schedules({ config, log, hostZone: zoneOfHost, events });
  const moved = (move: ParkingMove) => parkingMoved(move, parts(), limited);
  const usage = new Usage({ arbiter, cpufreq, time });
  const speeds = config().energy.meters === "off" ? undefined : new SpeedUse();
  const doing = { arbiter, cpufreq, log: limited, time, alarm, ordersEnded, moment, policiesTurned };
  const clocks = new Clocks({
    ...{ ...doing, schedules: (now) => schedules.at(now), parkingMoved: moved },
    accepted(write, monoMs) {
      speeds?.accepted(write, monoMs);
      usage.accepted(write, monoMs);
      history?.accepted(write);
    },
  });
  clocks.postponed = handover !== undefined;
  clocks.settle(arbiter.setClocks(cpufreq.clocks(), reservedCpus(cpufreq)), "the start");
  usage.follow([]);
  clocks.settle(arbiter.parking.configure(parkingRule(config())), "the start");
  orderAgain(store, "the start", { arbiter, clocks, time, operated: handover?.operated });
  const acts = new OperatorActs(log, time, events);
  const knobs = new KnobHolder({ arbiter, config, cpufreq, log: limited, time });
  const known = { store, events, history, acts, schedules, knobs, takeover };
  return { alarm, limited, moment, hostEvents, cpufreq, arbiter, clocks, speeds, usage, ...known };
}

/** Opens what serves guests and applications. */
function openServing(
  surroundings: Surroundings,
  { parts, undo, deciding }: Stage & { readonly deciding: Deciding },
) {
  const { config, time } = surroundings;
  const {
    alarm,
    arbiter,
    clocks,
    events,
    hostEvents,
    knobs,
    limited: log,
    moment,
    store,
    takeover,
    usage,
  } = deciding;
  const hypervisorNow = () => parts().hypervisor;
  const vms = new ServedVms({
    ...{ config, store, time, arbiter, clocks, knobs, takeover },
    hypervisor: hypervisorNow,
  });
  const meters = new Meters();
  const measured = {
    ...{ meters, stopwatch: new Stopwatch(meters) },
    recordings: new Recordings(),
    rates: new Rates(
      (vm) => vms.contracts.values(vm),
      (channel, quarantine) => hostEvents.quarantined(channel, quarantine),
    ),
  };
  const packets = new PacketPath({
    ...{ arbiter, clocks, events, log, moment, time, usage, ...measured },
    lookAgain: (vm) => hypervisorNow().lookAgain(vm),
    trafficConcerned: () => parts().traffic.consider(),
    pinRemedy: (vm, vcpu) => hypervisorNow().remedies.pin(vm, vcpu),
    energyOf: (vm) => ownEnergy(vm, parts()),
  });
  const channels = watchChannels(surroundings, {
    admit: (channel) => vms.admit(channel),
    expects: (vm, path) => vms.expects(vm, path),
    processOf: (vm) => vms.domains.get(vm)?.pid,
    abiOf: (vm) => vms.contracts.values(vm).abi,
    packet(channel, frame) {
      packets.received(channel, frame);
      hypervisorNow().asked?.(channel.vm);
    },
    mayHurry: (channel) => measured.rates.isSampling(channel, time().monoMs),
    turnBegins: () => measured.stopwatch.begin(),
    settle: () => packets.settle(),
    answered: () => measured.stopwatch.end(),
    changed: (channel) => hostEvents.channelChanged(channel),
  });
  undo.push(() => channels.close());
  const hypervisor = followHypervisor(surroundings, hostEvents);
  undo.push(() => hypervisor.close());
  const meter = packetMeter(hypervisor);
  const traffic = new TrafficWatch({ arbiter, clocks, alarm, log, moment, meter });
  const askers = new Askers({ arbiter, clocks, alarm, moment, events, log });
  const fifos = new Fifos(new FifoRequests({ askers, channels, config, cpufreq: deciding.cpufreq, log }));
  undo.push(() => fifos.close());
  return { vms, channels, hypervisor, traffic, askers, fifos, ...measured };
}

/** Guest policies want something else from now on. */
function turned(policies: readonly PolicyView[], { events, traffic }: Parts): void {
  events.policiesTurned(policies);
  traffic.consider();
}

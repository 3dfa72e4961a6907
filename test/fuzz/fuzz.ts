import { judgeCall } from "../../src/admin/dispatch.ts";
import { readCall } from "../../src/admin/message.ts";
import { requestInterface } from "../../src/admin/request.ts";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Contract } from "../../src/arbiter/view.ts";
import type { Write } from "../../src/base/clock.ts";
import { success } from "../../src/base/result.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { newCounters } from "../../src/channels/counters.ts";
import { type Found, ObjectCutter } from "../../src/channels/fifos/object-cutter.ts";
import { APP_KEYS } from "../../src/config/app-keys.ts";
import type { AppConfig } from "../../src/config/config.ts";
import { valuesOf } from "../../src/config/settings.ts";
import { AppUsers } from "../../src/daemon/apps/app-users.ts";
import { Askers } from "../../src/daemon/apps/askers.ts";
import { FifoRequests } from "../../src/daemon/apps/fifo-requests.ts";
import { requests } from "../../src/daemon/apps/requests.ts";
import { Events } from "../../src/daemon/events/events.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { LocalHours, policyClock } from "../../src/daemon/local-hours.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { PacketPath } from "../../src/daemon/packet/packet.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";
import { Recordings } from "../../src/daemon/packet/recordings.ts";
import { Stopwatch } from "../../src/daemon/packet/stopwatch.ts";
import { Usage } from "../../src/daemon/usage/usage.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "../daemon/recording-cpufreq.ts";
import { anyCall } from "./calls.ts";
import { anyObjects } from "./objects.ts";
import { anyPacket } from "./packets.ts";
import { Random } from "./random.ts";

/**
 * Who sends: two guests, an application, and who may write into one of its FIFOs. Each CPU has a clock of its own; CPUs
 * 6 to 8 are nobody's.
 */
type Sender = "web1" | "db1" | "mine" | "fifo4";

/** The contract of each, as the judge knows it: the CPUs, and the entries of the table from the fastest that it may have. */
const MAY: { readonly [Who in Sender]: { readonly cpus: readonly number[]; readonly top: number } } = {
  web1: { cpus: [0, 1], top: 1 }, // Turbo=no
  db1: { cpus: [2, 3], top: 2 }, // MaxKhz=2GHz
  mine: { cpus: [4, 5], top: 3 }, // MaxKhz=1.7GHz
  fifo4: { cpus: [4], top: 3 },
};
const MAKERS: { readonly [Who in Sender]: (random: Random) => Uint8Array } = {
  web1: anyPacket,
  db1: anyPacket,
  mine: anyCall,
  fifo4: anyObjects,
};
const SENDERS = Object.keys(MAY) as Sender[];
const CPUS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** A way to touch what the sender must not touch. */
interface Finding {
  readonly seed: number;
  readonly sender: Sender;
  /** What was sent. */
  readonly sent: string;
  readonly writes: readonly Write[];
}

/** What a run did. */
export interface Fuzzed {
  readonly cases: number;
  /** Writes that were judged: a run without any proves nothing. */
  readonly writes: number;
  readonly finding: Finding | undefined;
}

/** The number of messages to one host before the next host begins. */
export const MESSAGES = 200;

/**
 * Sends messages to a host that depends on the seed alone, and judges every write. With `leaky` the application may name
 * each CPU, which the judge must find.
 */
export async function fuzz(
  seed: number,
  { leaky = false }: { readonly leaky?: boolean } = {},
): Promise<Fuzzed> {
  const random = new Random(seed);
  const host = makeHost(leaky);
  let writes = 0;
  for (let cases = 1; cases <= MESSAGES; cases++) {
    const sender = random.of(SENDERS);
    const bytes = MAKERS[sender](random);
    if (sender === "mine") await host.call(bytes);
    else if (sender === "fifo4") host.objects(bytes, random.onceIn(2));
    else host.packet(sender, bytes);
    const done = host.written();
    writes += done.length;
    if (done.some((write) => !isAllowed(sender, write))) {
      const isText = sender === "mine" || sender === "fifo4";
      const sent = isText ? new TextDecoder().decode(bytes) : Buffer.from(bytes).toString("hex");
      return { cases, writes, finding: { seed, sender, sent, writes: done } };
    }
    if (random.onceIn(8)) host.pass(random.below(5000), (late) => (writes += late));
  }
  return { cases: MESSAGES, writes, finding: undefined };
}

/** A sender changes its own CPUs only, and gives none more than its contract allows. */
function isAllowed(sender: Sender, { clock: cpu, setting }: Write): boolean {
  const { cpus, top } = MAY[sender];
  return cpus.includes(cpu) && (setting === "baseline" || (typeof setting === "number" && setting >= top));
}

function makeHost(leaky: boolean) {
  let nowMs = 1_800_000_000_000;
  const time = () => ({ monoMs: nowMs, wallMs: nowMs });
  const moment = policyClock(time, new LocalHours(() => "UTC"));
  const alarm = { at() {}, after() {}, cancel() {}, has: () => false } as never;
  const log = () => {};
  const written: Write[] = [];
  const clocksOf = CPUS.map((cpu) => clock([cpu]));
  const apply = ({ clock: cpu, setting }: Write) => {
    written.push({ clock: cpu, setting });
    return undefined;
  };
  const cpufreq = { ...recordingCpufreq(clocksOf, []), apply };
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const clocks = new Clocks({ arbiter, cpufreq, log, time, alarm, moment, ordersEnded() {} });
  clocks.settle(arbiter.setClocks(clocksOf), "the start");
  const place = (vm: Sender, contract: Contract) =>
    clocks.settle(
      arbiter.setDomain(
        domain(
          vm,
          MAY[vm].cpus.map((cpu) => [cpu]),
        ),
        contract,
      ),
      "the start",
    );
  place("web1", { ...FREE, turbo: false });
  place("db1", { ...FREE, maxKhz: 2_000_000 });
  const events = new Events(time, (vm, request) => arbiter.grantOf(vm, request));
  const meters = new Meters();
  const packets = new PacketPath({
    ...{ arbiter, clocks, events, log, time, moment, meters, recordings: new Recordings() },
    ...{ stopwatch: new Stopwatch(meters), usage: new Usage({ arbiter, cpufreq, time }) },
    rates: new Rates(() => ({ requestsPerSecond: 1e6, burst: 1e6 }), log),
    trafficConcerned() {},
    lookAgain() {},
    pinRemedy: () => undefined,
    energyOf: () => success({ joules: 1, second: 1, metered: true }),
  });
  const app: AppConfig = {
    ...valuesOf(APP_KEYS, undefined),
    ...{
      name: "mine",
      user: "7",
      cpus: leaky ? CPUS : MAY.mine.cpus,
      maxKhz: 1_700_000,
      requestsPerSecond: 1e6,
      burst: 1e6,
    },
  };
  const askers = new Askers({ arbiter, clocks, alarm, moment, events, log });
  const users = new AppUsers(() => [app]);
  const onFault = (error: unknown) => {
    throw error;
  };
  const request = requestInterface(requests({ arbiter, askers, users, time }), onFault);
  const fifos = new FifoRequests({
    askers,
    cpufreq,
    log,
    channels: { usable: true },
    config: () => ({ apps: [app] }) as never,
  });
  const cutter = new ObjectCutter();
  const interfaces = new Map([[request.description.name, request]]);
  const channels = new Map((["web1", "db1"] as const).map((vm) => [vm, channelOf(vm)]));
  return {
    packet(vm: "web1" | "db1", bytes: Uint8Array) {
      const channel = channels.get(vm) as Channel;
      packets.received(channel, bytes);
      packets.settle();
    },
    async call(bytes: Uint8Array) {
      const call = readCall(bytes);
      const caller = { uid: 7, gid: 7, pid: 7 };
      const judged = call.kind === "call" ? judgeCall(call, caller, interfaces) : undefined;
      if (judged?.ok && judged.value.method.kind === "single")
        await judged.value.method.call(judged.value.parameters, caller);
    },
    /** What is torn may go on with the next bytes, or be over. */
    objects(bytes: Uint8Array, isOver: boolean) {
      const take = (found: Found) => fifos.found(4, app, found);
      cutter.push(bytes, take);
      if (isOver) cutter.pause(take);
    },
    written: () => written.splice(0),
    /** Lets time pass. What ends by itself may return any CPU to its baseline or to what another one wants. */
    pass(ms: number, count: (writes: number) => void) {
      nowMs += ms;
      clocks.tick();
      const late = written.splice(0);
      count(late.length);
      const strange = late.find((write) => !SENDERS.some((sender) => isAllowed(sender, write)));
      if (strange !== undefined) throw new Error(`Time changed CPU ${strange.clock} to ${strange.setting}`);
    },
  };
}

/** A connected channel whose replies nobody reads. */
function channelOf(vm: string): Channel {
  return {
    ...{
      vm,
      number: 0,
      path: `/${vm}.0`,
      status: "connected",
      enabled: true,
      send() {},
      rest() {},
      release() {},
    },
    counters: newCounters(),
  } as unknown as Channel;
}

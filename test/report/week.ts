import type { Calls } from "../../src/admin/control-types.ts";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { energyReport } from "../../src/daemon/energy/energy-report.ts";
import { History } from "../../src/daemon/history/history.ts";
import { historyReport } from "../../src/daemon/history/history-report.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { KeptLines } from "../../src/daemon/kept-lines.ts";
import { LocalHours, policyClock } from "../../src/daemon/local-hours.ts";
import { finish, type Job } from "../../src/daemon/operators/loop-slices.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { Usage } from "../../src/daemon/usage/usage.ts";
import { usageReport } from "../../src/daemon/usage/usage-report.ts";
import { UsageSamples } from "../../src/daemon/usage/usage-samples.ts";
import { Account } from "../../src/ledger/account.ts";
import { SpeedUse } from "../../src/ledger/speed-use.ts";
import { NO_USE, plus } from "../../src/ledger/use.ts";
import { cpuUse, vmUse } from "../../src/ledger/vm-use.ts";
import type { ScaleAction } from "../../src/wire/packet.ts";
import { domain, FREE, request } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "../daemon/recording-cpufreq.ts";
import { type Course, SimulatedHost, type SimulatedVm } from "../ledger/simulated-host.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const NAMES = ["web1", "web2", "db1", "cache1", "nfv.edge", "upf-1", "batch", "ci-runner"];

/** The Monday on which a week begins, by the clock of the host. */
export const MONDAY_MS = new Date(2026, 10, 16).getTime();

/** The parts of the daemon that a report is made of, on clocks that are played. */
export class SimulatedWeek {
  readonly names: readonly string[];
  readonly #host: SimulatedHost;
  readonly #now = { monoMs: 0, wallMs: MONDAY_MS };
  readonly #rings = new Map<string, { atMs: number; ring: () => void }>();
  readonly #course: Course = { celsius: [] };
  readonly #speeds = new SpeedUse();
  /** The account of its energy. */
  readonly account = new Account(MONDAY_MS);
  readonly #cpufreq: ReturnType<typeof recordingCpufreq>;
  readonly #parts: Parts;

  constructor(directory: string, { seed = 30, names = NAMES } = {}) {
    this.#host = new SimulatedHost(seed);
    this.names = this.#host.vms.map((_, i) => names[i] ?? `vm${i}`);
    this.#cpufreq = recordingCpufreq(clocksOf(this.#host), []);
    this.#parts = this.#assemble(directory);
    this.#parts.samples?.begin();
  }

  /** Plays some days. */
  play(days: number): void {
    for (let minute = 0; minute < days * DAY_MINUTES; minute++) this.#minute(minute);
    this.#parts.history?.flush({ all: true });
  }

  /** The methods of the daemon that a report calls. */
  get control() {
    const answer = <T>(job: Job<T>) => finish(job);
    return {
      GetUsage: (choice: Calls["GetUsage"]["takes"]) => answer(usageReport(choice, this.#parts)),
      GetEnergy: (choice: Calls["GetEnergy"]["takes"]) => answer(energyReport(choice, this.#parts)),
      GetHistory: (choice: Calls["GetHistory"]["takes"]) => answer(historyReport(choice, this.#parts)),
    };
  }

  #assemble(directory: string): Parts {
    const time = () => ({ ...this.#now });
    const at = (name: string, atMs: number, ring: () => void) => void this.#rings.set(name, { atMs, ring });
    const alarm = {
      at,
      after: (name: string, ms: number, ring: () => void) => at(name, this.#now.monoMs + ms, ring),
      cancel: (name: string) => void this.#rings.delete(name),
    } as unknown as Parts["alarm"];
    const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
    const cpufreq = this.#cpufreq;
    const usage = new Usage({ arbiter, cpufreq, time });
    const file = (name: "history" | "usage") => new KeptLines({ directory, name, megabytes: 8, log: SILENT });
    const history = new History({ file: file("history"), alarm, time, arbiter: () => arbiter });
    const moment = policyClock(time, new LocalHours(() => "UTC"));
    const clocks = new Clocks({
      ...{ arbiter, cpufreq, log: () => {}, time, alarm, moment, ordersEnded() {} },
      accepted: (write, monoMs) => {
        this.#speeds.accepted(write, monoMs);
        usage.accepted(write, monoMs);
        history.accepted(write);
      },
    });
    clocks.settle(arbiter.setClocks(cpufreq.clocks()), "the start");
    const domains = this.#host.vms.map(({ cpus }, i) =>
      domain(
        this.names[i] ?? "",
        cpus.map((cpu) => [cpu]),
      ),
    );
    for (const [i, each] of domains.entries())
      clocks.settle(arbiter.setDomain(each, i === 1 ? { ...FREE, maxKhz: 2_000_000 } : FREE), each.name);
    usage.follow(domains);
    const parts = {
      ...{ alarm, arbiter, clocks, cpufreq, history, time, usage, meters: new Meters() },
      channels: { of: () => [] },
      energy: { account: this.account, meters: { used: ["package-0", "package-1"], problem: undefined } },
      slices: { run: finish },
      vms: { domains: new Map(domains.map((each) => [each.name, each])) },
    } as unknown as Parts;
    return { ...parts, samples: new UsageSamples(file("usage"), () => parts) };
  }

  #minute(minute: number): void {
    this.#host.next(minute % DAY_MINUTES);
    this.#disturb(minute);
    for (const [i, vm] of this.#host.vms.entries()) this.#ask(this.names[i] ?? "", vm);
    const settings = () =>
      this.#cpufreq.clocks().map((clock) => [clock, this.#parts.arbiter.clock(clock.id)?.accepted] as const);
    this.#speeds.take(settings(), this.#now.monoMs);
    const told = this.#host.metered(
      this.#host.joules(this.#course, minute % DAY_MINUTES, (vm) => this.#host.acceptedGhz(vm)),
    );
    this.#pass(MINUTE_MS);
    const uses = this.#speeds.take(settings(), this.#now.monoMs);
    const cpus = cpuUse(
      this.#cpufreq.clocks().flatMap(({ id, pcpus }) => {
        const use = uses.get(id);
        return use === undefined ? [] : [{ pcpus, use }];
      }),
      MINUTE_MS / 1000,
    );
    const vms = this.#host.vms.map((vm, i) => {
      const busy = this.#host.busy(vm, this.#host.acceptedGhz(vm));
      return [
        this.names[i] ?? "",
        vmUse(
          vm.cpus.map((cpu) => ({ pcpus: [cpu], busy })),
          cpus,
        ),
      ] as const;
    });
    this.account.add({
      ...{ seconds: 60, wallMs: this.#now.wallMs, joules: told, metered: told, isExact: true },
      ...{
        vms: new Map(vms),
        host: plus(NO_USE, cpus.mean, this.#host.hostCpus),
        cpus: this.#host.perSocket,
      },
    });
  }

  /** Operators and other programs: a hold on Wednesday from ten to twelve, and a tuner on Thursday at night. */
  #disturb(minute: number): void {
    const { arbiter, clocks, history } = this.#parts;
    const [day, ofDay] = [Math.floor(minute / DAY_MINUTES), minute % DAY_MINUTES];
    const options = { hold: true, who: "alice", now: { ...this.#now } };
    if (day === 2 && ofDay === 600) void clocks.perform(arbiter.operate(0, { khz: 2_300_000 }, options));
    if (day === 2 && ofDay === 720) void clocks.perform(arbiter.operate(0, "release", options));
    if (day !== 3 || ofDay < 180 || ofDay > 200 || ofDay % 4 !== 0) return;
    clocks.driftCount++;
    const message = `CPU 3: "scaling_max_freq" was changed from "2301000" to "1200000" by another program: it was written again`;
    history?.event({ atMs: this.#now.wallMs, kind: "drift", message, pcpu: 3 });
  }

  /** The guest of a VM asks up or down until it has the speed of its plan, now and then for a vCPU that it lacks. */
  #ask(name: string, vm: SimulatedVm): void {
    const { arbiter, clocks, meters, usage } = this.#parts;
    const { random } = this.#host;
    const wanted = vm.speed;
    const scale = (vcpu: number, action: ScaleAction) => {
      const change = arbiter.scale(name, request(vcpu, action), { ...this.#now });
      if (change.refusal === undefined) void clocks.perform(change);
      usage.asked(name, change.refusal, change.limit);
      const slow = random.chance(0.0003) ? 15 : 1;
      meters.of(name).latency.observe(slow * (9000 + 9000 * random.float() + 12_000 * random.float() ** 8));
    };
    if (wanted >= 0)
      for (const [vcpu] of vm.cpus.entries()) {
        const last = this.#host.table.length - 1;
        const action = wanted === last ? "min" : wanted === 0 ? "max" : undefined;
        const times = random.between(1, 6);
        for (let i = 0; i < times; i++) scale(vcpu, action ?? (i % 2 === 0 ? "down" : "up"));
        for (let step = 0; step <= last && action === undefined; step++) {
          const at = this.#indexOf(vm.cpus[vcpu] ?? 0);
          if (at === wanted) break;
          scale(vcpu, at > wanted ? "up" : "down");
        }
        if (random.chance(0.004)) scale(vm.cpus.length, "max");
      }
    vm.speed = this.#indexOf(vm.cpus[0] ?? 0);
  }

  /** The index of the speed that a CPU has; -1 for its own settings. */
  #indexOf(cpu: number): number {
    const accepted = this.#parts.arbiter.clock(cpu)?.accepted;
    return typeof accepted === "number" ? accepted : -1;
  }

  #pass(ms: number): void {
    const endMs = this.#now.monoMs + ms;
    for (;;) {
      const [first] = [...this.#rings]
        .filter(([, { atMs }]) => atMs <= endMs)
        .sort((a, b) => a[1].atMs - b[1].atMs);
      if (first === undefined) break;
      const [name, { atMs, ring }] = first;
      this.#set(Math.max(this.#now.monoMs, atMs));
      this.#rings.delete(name);
      ring();
    }
    this.#set(endMs);
  }

  #set(monoMs: number): void {
    this.#now.monoMs = monoMs;
    this.#now.wallMs = MONDAY_MS + monoMs;
  }
}

const line = () => {};
/** A log that nobody reads. */
export const SILENT: Log = { error: line, warning: line, notice: line, info: line, debug: line };

function clocksOf({ table, sockets, perSocket, baselineGhz }: SimulatedHost): Clock[] {
  const speeds = table.map((ghz) => Math.round(ghz * 1e6)).map((khz) => ({ khz, peerKhz: khz }));
  return Array.from({ length: sockets * perSocket }, (_, id) => ({
    ...{ id, pcpus: [id], driver: "acpi-cpufreq" },
    table: { speeds, turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true } },
    ...{ baselineKhz: Math.round(baselineGhz * 1e6), anySpeed: false, priority: new Set<number>() },
  }));
}

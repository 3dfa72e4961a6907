import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Domain } from "../../base/domain.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import type { EnergyMeters, Measured } from "../../energy/energy-meters.ts";
import type { Hypervisor } from "../../hypervisor/hypervisor.ts";
import { Account } from "../../ledger/account.ts";
import type { SpeedUse } from "../../ledger/speed-use.ts";
import { NO_USE, plus } from "../../ledger/use.ts";
import { cpuUse, type VmUse, vmUse } from "../../ledger/vm-use.ts";
import type { Alarm } from "../alarm.ts";
import type { TurnClock } from "../turn-clock.ts";
import { CoreJoules } from "./core-joules.ts";
import type { EnergyFile, FileTime, StoredEnergy } from "./energy-file.ts";
import { VcpuBusy } from "./vcpu-busy.ts";

const ALARM = "energy";

/** Between two writes of the account, in ms. */
const SAVE_MS = 60_000;

/** Without a meter an interval is this many times as long, up to a minute: the model tells the same of longer ones. */
const MODELLED_TIMES = 6;
const MODELLED_MAX_MS = 60_000;

/** VMs that are asked for their CPU times at one reading; of the others the last times count. */
const VMS_ASKED_MAX = 512;

/** An interval may differ by this part from the time of its joules, and still serve to fit the model. */
const EXACT = 0.05;

/** What {@link EnergyWatch} needs. */
export interface EnergyWatchOptions {
  readonly arbiter: Pick<Arbiter, "setting">;
  readonly cpufreq: Pick<Cpufreq, "clocks" | "unmanaged">;
  readonly domains: () => ReadonlyMap<string, Domain>;
  readonly vcpuTimes: Hypervisor["vcpuTimes"];
  readonly coreEnergy: Hypervisor["coreEnergy"];
  readonly hostCpuTimeNs: () => Promise<number | undefined>;
  readonly speeds: SpeedUse;
  readonly meters: EnergyMeters;
  readonly intervalMs: number;
  readonly file: EnergyFile;
  readonly stored: StoredEnergy;
  readonly fileTime: () => FileTime;
  readonly time: TurnClock;
  readonly alarm: Alarm;
}

/** CPU times, and when the interval that follows them began, on the monotonic clock. */
interface Begun {
  readonly atMs: number;
  readonly hostNs: number | undefined;
}

/** Keeps the account of energy: reads meters and CPU times at intervals, apart from packets. */
export class EnergyWatch {
  readonly account: Account;
  readonly #options: EnergyWatchOptions;
  readonly #busy = new VcpuBusy();
  readonly #cores = new CoreJoules();
  #begun: Begun | undefined;
  /** When it was saved last. The first interval is saved at once: a kill must not lose what counters told before it. */
  #savedMs = Number.NEGATIVE_INFINITY;
  #isSaved = true;
  #closed = false;

  constructor(options: EnergyWatchOptions) {
    this.#options = options;
    const { stored, time } = options;
    this.account = new Account(time().wallMs, stored.state);
  }

  /** The meters that count, and why others do not. */
  get meters(): Pick<EnergyMeters, "used" | "problem"> {
    return this.#options.meters;
  }

  /** Begins to account. Counters of an earlier daemon are continued at the first reading. */
  begin(): void {
    void this.#beat();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#save({ isLast: true });
  }

  async #beat(): Promise<void> {
    const { alarm, intervalMs, meters, stored, time } = this.#options;
    const beganMs = time().monoMs;
    // What counters tell of the time before this daemon belongs to the first interval.
    const isContinued = this.#begun === undefined && Object.keys(stored.counters).length > 0;
    const measured: Measured = isContinued ? { state: "waiting" } : await meters.read();
    if (this.#begun === undefined) await this.#start();
    else if (measured.state !== "waiting") await this.#settle(this.#begun, measured);
    if (this.#closed) return;
    if (time().monoMs - this.#savedMs >= SAVE_MS) this.#save({ isLast: false });
    const modelledMs = Math.max(intervalMs, Math.min(MODELLED_TIMES * intervalMs, MODELLED_MAX_MS));
    const pauseMs = meters.hasAny ? intervalMs : modelledMs;
    alarm.at(ALARM, Math.max(beganMs + pauseMs, time().monoMs), () => void this.#beat());
  }

  /** Whether there is anything to account: a meter that counts or may count, or a VM. */
  get #hasWork(): boolean {
    const { domains, meters } = this.#options;
    return domains().size > 0 || meters.hasAny;
  }

  /** The first interval begins with the first reading. */
  async #start(): Promise<void> {
    const hostNs = await this.#options.hostCpuTimeNs();
    const atMs = this.#nowMs();
    this.#options.speeds.take(this.#clocks(), atMs);
    await this.#eachVm(atMs, () => {});
    this.#begun = { atMs, hostNs };
  }

  /** Accounts the interval that ends now. */
  async #settle(begun: Begun, measured: Measured): Promise<void> {
    const { cpufreq, hostCpuTimeNs, speeds } = this.#options;
    const hostNs = this.#hasWork ? await hostCpuTimeNs() : undefined;
    const atMs = this.#nowMs();
    const fromMs = measured.state === "complete" ? Math.min(begun.atMs, measured.sinceMs) : begun.atMs;
    const seconds = (atMs - fromMs) / 1000;
    const covered = (atMs - begun.atMs) / 1000;
    if (covered <= 0) return;
    const clocks = cpufreq.clocks();
    const uses = speeds.take(this.#clocks(), atMs);
    const cpus = cpuUse(
      clocks.flatMap(({ id, pcpus }) => {
        const clock = uses.get(id);
        // Of the time before this daemon, only the joules are known.
        return clock === undefined
          ? []
          : [{ pcpus, use: { ...clock, use: plus(NO_USE, clock.use, seconds / covered) } }];
      }),
      seconds,
    );
    this.#begun = { atMs, hostNs };
    const vms = new Map<string, VmUse>();
    let vmSeconds = 0;
    await this.#eachVm(atMs, ({ name, pins }, parts, coreJoules) => {
      const vcpus = pins.map((pcpus, vcpu) => ({ pcpus, busy: parts[vcpu] ?? 0 }));
      vms.set(name, { ...vmUse(vcpus, cpus), coreJoules });
      vmSeconds += parts.reduce((sum, part) => sum + part * covered, 0);
    });
    if (this.#closed || !this.#hasWork) return;
    const hostSeconds = ((hostNs ?? 0) - (begun.hostNs ?? hostNs ?? 0)) / 1e9 - vmSeconds;
    this.#isSaved = false;
    this.account.add({
      seconds,
      ...joulesOf(measured, { atMs, seconds, covered }),
      wallMs: this.#options.time().wallMs,
      vms,
      host: plus(NO_USE, cpus.mean, Math.max(0, hostSeconds) / covered),
      cpus: clocks.reduce((sum, { pcpus }) => sum + pcpus.length, cpufreq.unmanaged().length),
    });
  }

  /**
   * Tells of each VM how busy its vCPUs were since they were last asked for, and what its cores used if that is counted, of
   * each in a turn of its own.
   */
  async #eachVm(
    atMs: number,
    tell: (domain: Domain, busy: readonly number[], coreJoules: number | undefined) => void,
  ): Promise<void> {
    const { domains, vcpuTimes, coreEnergy } = this.#options;
    for (const [i, domain] of [...domains().values()].entries()) {
      const isAsked = i < VMS_ASKED_MAX && domain.state === "running";
      const times = isAsked ? await vcpuTimes?.(domain.name, domain.pins.length) : undefined;
      const busy = this.#busy.take(domain, times, times === undefined ? atMs : this.#nowMs());
      const counted = isAsked ? await coreEnergy?.(domain.name) : undefined;
      tell(domain, busy, counted && this.#cores.take(domain, counted, this.#nowMs()));
    }
    for (const told of [this.#busy, this.#cores]) told.keep((vm) => domains().has(vm));
  }

  *#clocks() {
    const { arbiter, cpufreq } = this.#options;
    for (const clock of cpufreq.clocks()) yield [clock, arbiter.setting(clock.id)?.accepted] as const;
  }

  #nowMs(): number {
    return this.#options.time().monoMs;
  }

  #save({ isLast }: { readonly isLast: boolean }): void {
    const { fileTime, file, meters } = this.#options;
    if (this.#isSaved) return;
    const now = fileTime();
    this.#savedMs = now.monoMs;
    this.#isSaved = true;
    file.write(this.account.state, meters.counters(), { now, isLast });
  }
}

/** The joules of an interval. Where a meter tells about a part of it, the rest is taken to be like that part. */
function joulesOf(
  measured: Measured,
  { atMs, seconds, covered }: { readonly atMs: number; readonly seconds: number; readonly covered: number },
): { joules: number | undefined; metered: number; isExact: boolean } {
  if (measured.state !== "complete") return { joules: undefined, metered: 0, isExact: false };
  const { joules, sinceMs } = measured;
  const told = (atMs - sinceMs) / 1000;
  const isWhole = seconds - told <= EXACT * seconds;
  // Who did what is known of the time of this daemon only.
  const isExact = isWhole && seconds - covered <= EXACT * seconds;
  return { joules: isWhole ? joules : (joules * seconds) / told, metered: joules, isExact };
}

import type { Clock } from "../../src/base/clock.ts";
import { Account } from "../../src/ledger/account.ts";
import { savedJoules } from "../../src/ledger/savings.ts";
import type { Span } from "../../src/ledger/span.ts";
import { SpeedUse } from "../../src/ledger/speed-use.ts";
import { NO_USE, plus } from "../../src/ledger/use.ts";
import { cpuUse, NO_DIFFERENCE, plusDifference, vmUse } from "../../src/ledger/vm-use.ts";
import { type Course, SimulatedHost, type SimulatedVm } from "./simulated-host.ts";

const TURBO = { baseIndex: 1, onAtStart: true, enableIsMax: true };

/** A figure of the account beside the truth. */
interface Judged {
  readonly what: string;
  readonly truth: number;
  readonly joules: number;
  readonly low: number;
  readonly high: number;
}

/** How a day ended. */
export interface Day {
  /** The largest distance of the sum of all accounts from what was measured, as a part of it. */
  readonly sumError: number;
  readonly used: number;
  /** None where the account says that it does not know. */
  readonly judged: readonly Judged[];
}

/** Plays one day of a host, and compares what the account says was saved with what would have been used. */
export function simulateDay(seed: number): Day {
  const host = new SimulatedHost(seed);
  const clocks = clocksOf(host);
  const account = new Account(0);
  const speeds = new SpeedUse();
  const course = (): Course => ({ celsius: [] });
  const real = course();
  const [one] = host.vms.filter(({ silent }) => !silent);
  const others = [
    { what: "baseline", at: () => host.baselineGhz, course: course(), joules: 0 },
    { what: "max", at: () => host.table[0] as number, course: course(), joules: 0 },
    {
      what: "one VM",
      at: (vm: SimulatedVm) => (vm === one ? host.baselineGhz : host.acceptedGhz(vm)),
      course: course(),
      joules: 0,
    },
  ];
  let used = 0;
  let measured = 0;
  for (let minute = 0; minute < 1440; minute++) {
    host.next(minute);
    const ms = 60_000 * minute;
    const settings = clocks.map((clock, cpu) => [clock, settingOf(host, cpu)] as const);
    speeds.take(settings, ms);
    const joules = host.joules(real, minute, (vm) => host.acceptedGhz(vm));
    for (const other of others) other.joules += host.joules(other.course, minute, other.at);
    const told = host.metered(joules);
    used += joules;
    measured += told;
    const uses = speeds.take(settings, ms + 60_000);
    const cpus = cpuUse(
      clocks.map(({ id, pcpus }) => ({
        pcpus,
        use: uses.get(id) as NonNullable<ReturnType<typeof uses.get>>,
      })),
      60,
    );
    const vms = host.vms.map((vm) => {
      const busy = host.busy(vm, host.acceptedGhz(vm));
      const vcpus = vm.cpus.map((cpu) => ({ pcpus: [cpu], busy }));
      return [vm.name, vmUse(vcpus, cpus)] as const;
    });
    account.add({
      seconds: 60,
      wallMs: ms + 60_000,
      joules: told,
      metered: told,
      isExact: true,
      vms: new Map(vms),
      host: plus(NO_USE, cpus.mean, host.hostCpus),
      cpus: clocks.length,
    });
  }
  const { total } = account.state;
  const truths = others.map(({ what, joules }) => ({ what, truth: joules - used }));
  return {
    sumError: Math.abs(sumOfAll(total) / measured - 1),
    used,
    judged: judge(account, truths, one?.name),
  };
}

function judge(
  account: Account,
  truths: readonly { readonly what: string; readonly truth: number }[],
  one: string | undefined,
): Judged[] {
  const { vms } = account.state.total;
  const all = (of: "baseline" | "max") =>
    [...vms.values()].reduce((sum, vm) => plusDifference(sum, vm[of]), NO_DIFFERENCE);
  return truths.flatMap(({ what, truth }) => {
    const more = what === "one VM" ? vms.get(one ?? "")?.baseline : all(what as "baseline" | "max");
    const saved = more && savedJoules(account.fit, more, what === "one VM" ? "one" : "all");
    return saved === undefined ? [] : [{ what, truth, ...saved }];
  });
}

function sumOfAll({ idle, host, vms }: Span): number {
  return [...vms.values()].reduce((sum, { joules }) => sum + joules, idle + host);
}

function clocksOf(host: SimulatedHost): Clock[] {
  const khz = host.table.map((ghz) => Math.round(ghz * 1e6));
  return Array.from({ length: host.sockets * host.perSocket }, (_, id) => ({
    id,
    pcpus: [id],
    driver: "acpi-cpufreq",
    table: { speeds: khz.map((each) => ({ khz: each, peerKhz: each })), turbo: TURBO },
    baselineKhz: Math.round(host.baselineGhz * 1e6),
    anySpeed: false,
    priority: new Set<number>(),
  }));
}

function settingOf(host: SimulatedHost, cpu: number): number | "baseline" {
  const vm = host.vms.find(({ cpus }) => cpus.includes(cpu));
  return vm === undefined || vm.speed < 0 ? "baseline" : vm.speed;
}

import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Change, Contract, OrderOptions } from "../../src/arbiter/view.ts";
import type { Clock, FrequencyTable, Write } from "../../src/base/clock.ts";
import type { Domain, Pcpu } from "../../src/base/domain.ts";
import type { Now } from "../../src/base/now.ts";
import type { Scale, ScaleAction } from "../../src/wire/packet.ts";
import { speeds } from "../frequency-table.ts";

/** Tables written by hand from vm-power-protocol(7), "TABLES OF SPEEDS". */
export const ACPI: FrequencyTable = {
  speeds: speeds(2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000),
  turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
};
export const NO_TURBO: FrequencyTable = { speeds: speeds(2_000_000, 1_500_000, 1_000_000), turbo: undefined };
/** Base 2100000, turbo up to 3500000, for which the peer shows base + 1. */
export const PSTATE: FrequencyTable = {
  speeds: [{ khz: 3_500_000, peerKhz: 2_100_001 }, ...speeds(2_100_000, 2_000_000, 1_900_000, 1_800_000)],
  turbo: { baseIndex: 1, onAtStart: false, enableIsMax: false },
};
/** Nominal speed is entry 3. */
export const AMD: FrequencyTable = {
  speeds: speeds(3_600_000, 3_400_000, 3_200_000, 3_000_000, 2_000_000, 1_000_000),
  turbo: { baseIndex: 3, onAtStart: true, enableIsMax: true },
};

export const FREE: Contract = {
  minKhz: undefined,
  maxKhz: undefined,
  turbo: true,
  query: false,
  physicalCores: false,
  operations: ["up", "down", "min", "max", "turbo", "no-turbo"],
  minDwellMs: 0,
  leaseSec: 0,
  policies: ["time", "workload", "traffic"],
};

export function clock(pcpus: readonly Pcpu[], table: FrequencyTable = ACPI, baselineKhz?: number): Clock {
  return {
    id: Math.min(...pcpus),
    pcpus,
    driver: "acpi-cpufreq",
    table,
    baselineKhz: baselineKhz ?? table.speeds[0]?.khz ?? 0,
    anySpeed: false,
    priority: new Set(),
  };
}

export function domain(
  name: string,
  pins: readonly (readonly Pcpu[])[],
  state: Domain["state"] = "running",
): Domain {
  return { name, state, origin: "booted", pins, channels: undefined };
}

export function request(resource: number, action: ScaleAction, physical = false): Scale {
  return { kind: "scale", resource, action, physical };
}

/** A time; the wall clock shows the same number. */
export function at(ms: number): Now {
  return { monoMs: ms, wallMs: ms };
}

/** Default options of an operator's order. */
export function by(
  who: string,
  options: { hold?: boolean; ms?: number; untilMs?: number } = {},
): OrderOptions {
  const { hold = false, ms = 2000, untilMs } = options;
  return { hold, who, now: at(ms), untilMs };
}

/** The write of an entry of the table. */
export function speed(id: Pcpu, index: number): Write {
  return { clock: id, setting: index };
}

/** The write that gives a clock its original settings back. */
export function baseline(id: Pcpu): Write {
  return { clock: id, setting: "baseline" };
}

/** The writes of a change, without their holders. */
export function plain({ writes }: Pick<Change, "writes">): readonly Write[] {
  return writes.map(({ clock, setting }) => ({ clock, setting }));
}

/** An arbiter with some clocks, and a kernel that accepts every write. */
export function host(
  clocks: readonly Clock[],
  pinning = { multiPin: "all" as const, multiPinMax: 4 } as const,
) {
  const arbiter = new Arbiter(pinning);
  const done = (change: Change): readonly Write[] => {
    arbiter.commit(change);
    return plain(change);
  };
  done(arbiter.setClocks(clocks));
  return {
    arbiter,
    /** Commits a change; returns its writes. */
    done,
    /** Adds or replaces a domain; returns the writes. */
    set: (of: Domain, contract: Contract = FREE) => done(arbiter.setDomain(of, contract)),
    /** Sends a request; returns the writes, or the reason of the refusal. */
    ask(name: string, resource: number, action: ScaleAction, physical = false): readonly Write[] | string {
      const change = arbiter.scale(name, request(resource, action, physical), at(1000));
      return change.refusal?.code ?? done(change);
    },
    /** Sends a request to a table whose clock has CPU 0; returns the number that DPDK's host would show. */
    speedAfter(name: string, resource: number, action: ScaleAction): number | string | undefined {
      const change = arbiter.scale(name, request(resource, action), at(1000));
      done(change);
      const found = arbiter.clock(0);
      return change.refusal?.code ?? found?.speed?.peerKhz ?? "baseline";
    },
  };
}

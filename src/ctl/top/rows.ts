import type { Load, Stages, VcpuLoad } from "../../admin/control-types.ts";

/** One row: a vCPU, with values of its VM. */
export interface Row extends VcpuLoad {
  readonly perSecond: number;
  /** That of its VM. */
  readonly drops: number;
  /** That of its VM. */
  readonly p99Us: number | undefined;
}

/** All that is shown at one moment. */
export interface Moment {
  readonly rows: readonly Row[];
  readonly vms: number;
  readonly uptimeMs: number;
  readonly requestsPerSecond: number;
  readonly refusedPerSecond: number;
  readonly drops: number;
  readonly worstP99Us: number | undefined;
  /** Those of the VM with the worst p99. */
  readonly worstStages: Stages | undefined;
}

/** Computes rates from two replies of the daemon. From the first one alone there are none. */
export function momentOf(now: Load, before: Load | undefined): Moment {
  const vms = new Map(now.vms.map((vm) => [vm.vm, vm]));
  // A restarted daemon counts from 0 again.
  const seconds = before === undefined ? 0 : (now.uptimeMs - before.uptimeMs) / 1000;
  const old = seconds > 0 ? before : undefined;
  const oldRequests = new Map(old?.vcpus.map((vcpu) => [keyOf(vcpu), vcpu.requests]));
  const oldVms = new Map(old?.vms.map((vm) => [vm.vm, vm]));
  const rate = (count: number, previous: number | undefined) =>
    previous === undefined ? 0 : Math.max(0, count - previous) / seconds;
  const rows = now.vcpus.map((vcpu) => ({
    ...vcpu,
    perSecond: rate(vcpu.requests, oldRequests.get(keyOf(vcpu))),
    drops: vms.get(vcpu.vm)?.drops ?? 0,
    p99Us: vms.get(vcpu.vm)?.p99Us,
  }));
  const sum = (of: (vm: Load["vms"][number]) => number) => now.vms.reduce((total, vm) => total + of(vm), 0);
  const [worst] = now.vms
    .filter(({ p99Us }) => p99Us !== undefined)
    .sort((a, b) => (b.p99Us ?? 0) - (a.p99Us ?? 0));
  return {
    rows,
    vms: now.vms.length,
    uptimeMs: now.uptimeMs,
    requestsPerSecond: sum(({ vm, requests }) => rate(requests, oldVms.get(vm)?.requests)),
    refusedPerSecond: sum(({ vm, refused }) => rate(refused, oldVms.get(vm)?.refused)),
    drops: sum(({ drops }) => drops),
    worstP99Us: worst?.p99Us,
    worstStages: worst?.stages,
  };
}

/** The keys to sort rows by, each with its usual direction. */
export const SORT_KEYS = {
  vm: compare((row) => row.vm, 1),
  cpu: compare((row) => row.pcpus[0] ?? -1, 1),
  asked: compare((row) => row.askedKhz ?? -1, -1),
  granted: compare((row) => row.grantedKhz ?? -1, -1),
  actual: compare((row) => row.actualKhz ?? -1, -1),
  requests: compare((row) => row.perSecond, -1),
  drops: compare((row) => row.drops, -1),
  p99: compare((row) => row.p99Us ?? -1, -1),
  state: compare((row) => row.state, 1),
} as const;

/** One of {@link SORT_KEYS}. */
export type SortKey = keyof typeof SORT_KEYS;

/** The selection and order of rows. */
export interface Choice {
  readonly sort: SortKey;
  readonly reversed: boolean;
  /** Text that the VM's name, the state or the limit must contain; empty for all rows. */
  readonly filter: string;
}

/** Returns the selected rows in order. */
export function chosenRows(rows: readonly Row[], { sort, reversed, filter }: Choice): readonly Row[] {
  const wanted = filter.toLowerCase();
  const kept = rows.filter(({ vm, state, bound = "" }) =>
    [vm, state, bound].some((word) => word.toLowerCase().includes(wanted)),
  );
  const sorted = kept.sort(SORT_KEYS[sort]);
  return reversed ? sorted.reverse() : sorted;
}

function compare(of: (row: Row) => string | number, direction: 1 | -1) {
  return (a: Row, b: Row): number => {
    const [left, right] = [of(a), of(b)];
    if (left !== right) return left < right ? -direction : direction;
    // localeCompare would be too slow: thousands of rows are sorted at every update.
    return a.vm === b.vm ? a.vcpu - b.vcpu : a.vm < b.vm ? -1 : 1;
  };
}

function keyOf({ vm, vcpu }: VcpuLoad): string {
  return `${vcpu}:${vm}`;
}

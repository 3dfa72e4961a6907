import type { Shares } from "./share.ts";
import { type Difference, NO_DIFFERENCE, plusDifference, type VmUse } from "./vm-use.ts";

/** VMs with an account of their own in one span; further ones share an account. */
export const VMS_MAX = 200;

/** The account of all VMs beyond the limit, and of a VM with this name. */
export const OTHERS = "(other)";

/** What one VM used, and what else it would have used at its baseline and at the highest speed. */
export interface VmAccount {
  readonly joules: number;
  readonly baseline: Difference;
  readonly max: Difference;
  /** What cores used, as the hardware's own monitors told: a part of what was measured. Undefined if none did. */
  readonly coreJoules?: number | undefined;
}

/** What was used in a span of time, on the wall clock. */
export interface Span {
  readonly fromMs: number;
  toMs: number;
  joules: number;
  /** The part of the joules that meters told; the model gave the others. */
  metered: number;
  idle: number;
  host: number;
  readonly vms: Map<string, VmAccount>;
}

/** One interval that was accounted. */
export interface Entry {
  readonly shares: Shares;
  readonly metered: number;
  readonly vms: ReadonlyMap<string, VmUse>;
}

/** An empty span. */
export function emptySpan(fromMs: number): Span {
  return { fromMs, toMs: fromMs, joules: 0, metered: 0, idle: 0, host: 0, vms: new Map() };
}

/** Adds an interval. */
export function addEntry(span: Span, { shares, metered, vms }: Entry): void {
  span.joules += shares.joules;
  span.metered += metered;
  span.idle += shares.idle;
  span.host += shares.host;
  addVms(span.vms, vms, (vm) => {
    const { baseline, max, coreJoules } = vms.get(vm) as VmUse;
    return { joules: shares.vms.get(vm) as number, baseline, max, coreJoules };
  });
}

/** Adds another span. */
export function addSpan(sum: Span, span: Span): void {
  sum.toMs = Math.max(sum.toMs, span.toMs);
  sum.joules += span.joules;
  sum.metered += span.metered;
  sum.idle += span.idle;
  sum.host += span.host;
  addVms(sum.vms, span.vms, (vm) => span.vms.get(vm) as VmAccount);
}

/**
 * Adds to the accounts of VMs. At the limit, of those to which nothing is added the one that was idle for the longest joins the
 * others, to make room; if there is none, a new VM joins them.
 */
function addVms(
  sums: Map<string, VmAccount>,
  vms: ReadonlyMap<string, unknown>,
  accountOf: (vm: string) => VmAccount,
): void {
  const added: string[] = [];
  // Those that have an account come first, so that afterwards the idle ones stand before them.
  for (const vm of vms.keys()) {
    const before = sums.get(vm);
    if (before === undefined) added.push(vm);
    else {
      sums.delete(vm);
      sums.set(vm, joined(before, accountOf(vm)));
    }
  }
  for (const vm of added)
    if (vm !== OTHERS && (hasRoom(sums) || makeRoom(sums, vms))) sums.set(vm, accountOf(vm));
    else joinOthers(sums, accountOf(vm));
}

function hasRoom(sums: ReadonlyMap<string, VmAccount>): boolean {
  return sums.size - (sums.has(OTHERS) ? 1 : 0) < VMS_MAX;
}

/** Lets the first VM join the others, unless it is among those that are at work. Returns whether it did. */
function makeRoom(sums: Map<string, VmAccount>, atWork: ReadonlyMap<string, unknown>): boolean {
  const first = sums.keys().find((vm) => vm !== OTHERS) as string;
  if (atWork.has(first)) return false;
  joinOthers(sums, sums.get(first) as VmAccount);
  sums.delete(first);
  return true;
}

function joinOthers(sums: Map<string, VmAccount>, account: VmAccount): void {
  sums.set(OTHERS, joined(sums.get(OTHERS) ?? NOTHING, account));
}

function joined(a: VmAccount, b: VmAccount): VmAccount {
  return {
    joules: a.joules + b.joules,
    baseline: plusDifference(a.baseline, b.baseline),
    max: plusDifference(a.max, b.max),
    coreJoules: a.coreJoules === undefined ? b.coreJoules : a.coreJoules + (b.coreJoules ?? 0),
  };
}

const NOTHING: VmAccount = { joules: 0, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE };

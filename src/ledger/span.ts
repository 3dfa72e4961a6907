import type { Shares } from "./share.ts";
import { type Difference, NO_DIFFERENCE, plusDifference, type VmUse } from "./vm-use.ts";

/** VMs with an account of their own in one span; further ones share an account. */
export const VMS_MAX = 200;

/** The account of all VMs beyond the limit, and of a VM with this name. */
export const OTHERS = "(other)";

/** What one VM used, and what else it would have used at its baseline and at the highest speed. */
export interface VmAccount {
  joules: number;
  baseline: Difference;
  max: Difference;
  /** What cores used, as the hardware's own monitors told: a part of what was measured. Undefined if none did. */
  coreJoules?: number | undefined;
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
  for (const [vm, { baseline, max, coreJoules }] of vms)
    addVm(span.vms, vm, { joules: shares.vms.get(vm) as number, baseline, max, coreJoules });
}

/** Adds another span. */
export function addSpan(sum: Span, span: Span): void {
  sum.toMs = Math.max(sum.toMs, span.toMs);
  sum.joules += span.joules;
  sum.metered += span.metered;
  sum.idle += span.idle;
  sum.host += span.host;
  for (const [vm, account] of span.vms) addVm(sum.vms, vm, account);
}

/** Adds to the account of one VM. At the limit the one that was idle for the longest joins the others. */
function addVm(vms: Map<string, VmAccount>, vm: string, more: VmAccount): void {
  const before = vms.get(vm);
  vms.delete(vm);
  vms.set(vm, before === undefined ? { ...more } : joined(before, more));
  if (vms.size - (vms.has(OTHERS) ? 1 : 0) <= VMS_MAX) return;
  for (const [oldest, account] of vms) {
    if (oldest === OTHERS) continue;
    vms.delete(oldest);
    vms.set(OTHERS, joined(vms.get(OTHERS) ?? NOTHING, account));
    return;
  }
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

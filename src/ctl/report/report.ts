import { VarlinkError } from "../../admin/client-error.ts";
import type { Energy, History, StateTime, Usage, VmUsage } from "../../admin/control-types.ts";
import type { Context } from "../verb.ts";

/** What a report is about. */
export interface ReportChoice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly vm: string | undefined;
}

/** Everything that a report says, as the daemon told it. */
export interface Report extends ReportChoice {
  readonly host: string;
  readonly madeAtMs: number;
  readonly usage: Usage;
  /** Undefined if no account is kept; then why. */
  readonly energy: Energy | undefined;
  readonly noEnergy: string;
  /** Changes by other programs. */
  readonly drifts: History;
}

/** Asks the daemon for everything that a report says. */
export async function askForReport(
  { call, now }: Pick<Context, "call" | "now">,
  choice: ReportChoice,
  host: string,
): Promise<Report> {
  const { fromMs, toMs, vm } = choice;
  const about = vm === undefined ? {} : { vm };
  const usage = await call("GetUsage", { ...about, fromMs, toMs });
  const drifts = await call("GetHistory", { fromMs, toMs, kinds: ["drift"] });
  const report = { ...choice, host, madeAtMs: now(), usage, drifts };
  const seconds = Math.max(1, Math.ceil((toMs - fromMs) / 1000));
  try {
    const energy = await call("GetEnergy", { ...about, seconds, toMs, points: true });
    return { ...report, energy: energy.toMs > energy.fromMs ? energy : undefined, noEnergy: NOTHING };
  } catch (error) {
    if (!(error instanceof VarlinkError) || !error.error.endsWith(".Refused")) throw error;
    return { ...report, energy: undefined, noEnergy: String(error.parameters["reason"]) };
  }
}

const NOTHING = "Nothing was accounted in this time";

/** All requests of a VM or of a part of the time. */
export function requestsOf({
  granted,
  bounded,
  held,
  refused,
}: Pick<VmUsage, "granted" | "bounded" | "held" | "refused">): number {
  return granted + bounded + held + refused;
}

/** The VMs of a report by what they used, or without an account by what they asked; the largest first. */
export function reportedVms({ usage, energy }: Report): ReportedVm[] {
  const names = new Set([...usage.vms, ...(energy?.vms ?? [])].map(({ vm }) => vm));
  const uses = new Map(usage.vms.map((vm) => [vm.vm, vm]));
  const joules = new Map(energy?.vms.map((vm) => [vm.vm, vm]));
  const all = [...names].map((vm) => ({ vm, use: uses.get(vm), energy: joules.get(vm) }));
  const asked = ({ use }: ReportedVm) => (use === undefined ? 0 : requestsOf(use));
  return all.sort(
    (a, b) =>
      (b.energy?.joules ?? 0) - (a.energy?.joules ?? 0) || asked(b) - asked(a) || (a.vm < b.vm ? -1 : 1),
  );
}

/** One VM of a report, as far as something is known about it. */
export interface ReportedVm {
  readonly vm: string;
  readonly use: VmUsage | undefined;
  readonly energy: Energy["vms"][number] | undefined;
}

/** Those that asked for something, the one that asked most first. */
export function askers({ usage }: Report): VmUsage[] {
  return usage.vms.filter((vm) => requestsOf(vm) > 0).sort((a, b) => requestsOf(b) - requestsOf(a));
}

/** The VM whose slowest packet took longest. */
export function slowest({ usage }: Report): VmUsage | undefined {
  return usage.vms
    .toSorted((a, b) => (b.worstUs ?? 0) - (a.worstUs ?? 0))
    .find(({ worstUs }) => worstUs !== undefined);
}

/** Seconds of all states together. */
export function secondsOf(states: readonly StateTime[]): number {
  return states.reduce((sum, { seconds }) => sum + seconds, 0);
}

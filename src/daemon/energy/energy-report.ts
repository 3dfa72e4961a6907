import { ControlError } from "../../admin/control.ts";
import type { Energy, EnergyChoice, EnergyPoint, PowerModel, VmEnergy } from "../../admin/control-types.ts";
import type { Account } from "../../ledger/account.ts";
import { type Saved, savedJoules, unknownBecause } from "../../ledger/savings.ts";
import { addSpan, emptySpan, type Span, type VmAccount } from "../../ledger/span.ts";
import { NO_DIFFERENCE, plusDifference } from "../../ledger/vm-use.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import { isKnown } from "../operators/vm-views.ts";
import type { Parts } from "../parts.ts";

const DAY_SECONDS = 24 * 60 * 60;

/** What operators are told about energy. */
export function* energyReport(choice: EnergyChoice, parts: Parts): Job<Energy> {
  const { cpufreq, energy, time } = parts;
  const { vm, seconds = DAY_SECONDS, toMs = time().wallMs } = choice;
  if (energy === undefined)
    throw new ControlError("Refused", {
      reason: "No account of energy is kept (Meters=off)",
      remedy: "set Meters=auto in [energy] and restart vm-power",
    });
  const { account, meters } = energy;
  const spans = account.between(toMs - seconds * 1000, toMs);
  const span = emptySpan(spans[0]?.fromMs ?? toMs);
  yield* eachStep(spans, (each) => addSpan(span, each));
  if (vm !== undefined && !span.vms.has(vm) && !isKnown(vm, parts))
    throw new ControlError("NoSuchVm", { vm });
  const passed = Math.max(1, span.toMs - span.fromMs) / 1000;
  const chosen = [...span.vms].filter(([name]) => vm === undefined || name === vm);
  const saved = savedByAll(account, span.vms.values());
  return {
    fromMs: Math.round(span.fromMs),
    toMs: Math.round(span.toMs),
    meters: [...meters.used],
    problem: meters.problem,
    joules: span.joules,
    meteredJoules: span.metered,
    watts: span.joules / passed,
    idleJoules: span.idle,
    hostJoules: span.host,
    vms: yield* eachStep(chosen, ([name, own]) => vmEnergy(name, own, { account, passed })),
    ...saved,
    savedUnknown:
      saved.savedBaseline === undefined
        ? unknownBecause(account.fit, account.state.blocks.length)
        : undefined,
    model: modelView(account, cpufreq.clocks().length),
    points: choice.points === true ? yield* eachStep(spans, (each) => energyPoint(each, vm)) : undefined,
  };
}

function energyPoint({ fromMs, toMs, joules, idle, host, vms }: Span, vm: string | undefined): EnergyPoint {
  let vmJoules = 0;
  for (const [name, own] of vms) if (vm === undefined || name === vm) vmJoules += own.joules;
  return {
    ...{ fromMs: Math.round(fromMs), toMs: Math.round(toMs) },
    ...{ joules, idleJoules: idle, hostJoules: host, vmJoules },
  };
}

/** What all VMs together have saved. */
function savedByAll({ fit }: Account, vms: Iterable<VmAccount>) {
  let baseline = NO_DIFFERENCE;
  let max = NO_DIFFERENCE;
  for (const vm of vms) {
    baseline = plusDifference(baseline, vm.baseline);
    max = plusDifference(max, vm.max);
  }
  return { savedBaseline: savedJoules(fit, baseline, "all"), savedMax: savedJoules(fit, max, "all") };
}

function vmEnergy(
  vm: string,
  { joules, baseline, max }: VmAccount,
  { account, passed }: { readonly account: Account; readonly passed: number },
): VmEnergy {
  return { vm, joules, watts: joules / passed, ...savedByOne(account, { baseline, max }) };
}

/** What one VM has saved. */
export function savedByOne(
  { fit }: Account,
  { baseline, max }: Pick<VmAccount, "baseline" | "max">,
): { readonly savedBaseline: Saved | undefined; readonly savedMax: Saved | undefined } {
  return { savedBaseline: savedJoules(fit, baseline, "one"), savedMax: savedJoules(fit, max, "one") };
}

function modelView(account: Account, cpus: number): PowerModel {
  const { staticW, linear, cubic, turboW } = account.model(cpus);
  return {
    fitted: account.fit?.isGood === true,
    staticWatts: staticW,
    wattsPerGhz: linear,
    wattsPerGhz3: cubic,
    turboWatts: turboW,
    residualWatts: account.fit?.residualW,
    explained: account.fit?.explained,
  };
}

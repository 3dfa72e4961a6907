import { ControlError } from "../../admin/control.ts";
import type { Calls, Energy, EnergyChoice, PowerModel, VmEnergy } from "../../admin/control-types.ts";
import type { Account } from "../../ledger/account.ts";
import { type Saved, savedJoules, unknownBecause } from "../../ledger/savings.ts";
import { addSpan, emptySpan, type VmAccount } from "../../ledger/span.ts";
import { NO_DIFFERENCE, plusDifference } from "../../ledger/vm-use.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import { isKnown } from "../operators/vm-views.ts";
import type { Parts } from "../parts.ts";

const DAY_SECONDS = 24 * 60 * 60;

/** What operators are told about energy. */
export function* energyReport({ vm, seconds = DAY_SECONDS }: EnergyChoice, parts: Parts): Job<Energy> {
  const { cpufreq, time } = parts;
  const { account, meters } = keptEnergy(parts);
  const spans = account.since(time().wallMs - seconds * 1000);
  const span = emptySpan(spans[0]?.fromMs ?? time().wallMs);
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
  };
}

/** The power of the host in the minutes that are kept. */
export function powerReport(parts: Pick<Parts, "energy">): Calls["GetPower"]["answers"] {
  return {
    spans: keptEnergy(parts)
      .account.state.minutes.filter(({ fromMs, toMs }) => toMs > fromMs)
      .map(({ fromMs, toMs, joules, idle, host }) => {
        const watts = (each: number) => (1000 * each) / (toMs - fromMs);
        return {
          fromMs: Math.round(fromMs),
          toMs: Math.round(toMs),
          watts: watts(joules),
          idleWatts: watts(idle),
          hostWatts: watts(host),
        };
      }),
  };
}

function keptEnergy({ energy }: Pick<Parts, "energy">): NonNullable<Parts["energy"]> {
  if (energy !== undefined) return energy;
  throw new ControlError("Refused", {
    reason: "No account of energy is kept (Meters=off)",
    remedy: "set Meters=auto in [energy] and restart vm-power",
  });
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

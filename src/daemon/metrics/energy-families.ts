import { counter, type Family, gauge, type Sample } from "../../metrics/openmetrics.ts";
import { savedByOne } from "../energy/energy-report.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";

/** Metrics of energy. The ledger bounds the number of VMs. */
export function* energyFamilies({ energy }: Pick<Parts, "energy">): Job<Family[]> {
  if (energy === undefined) return [];
  const { account, meters } = energy;
  const { total } = account.state;
  const saved = yield* eachStep(total.vms, ([vm, own]) => savedSamples(vm, savedByOne(account, own)));
  return [
    gauge("vmpower_energy_meters", "Meters of energy in use; without any, all joules are modelled.", [
      { value: meters.used.length },
    ]),
    counter(
      "vmpower_host_energy_joules",
      "Energy that the host used, metered or modelled, also before a restart.",
      [{ value: total.joules }],
    ),
    counter(
      "vmpower_host_energy_metered_joules",
      "The part of the host's energy that meters told; the rest is modelled.",
      [{ value: total.metered }],
    ),
    counter(
      "vmpower_vm_energy_joules",
      "Energy that a VM used: its share of the host's.",
      [...total.vms].map(([vm, { joules }]) => ({ labels: { vm }, value: joules })),
    ),
    counter(
      "vmpower_vm_core_energy_joules",
      "Energy that cores used for a VM, as the hardware's own monitors told: a part of the host's, of VMs that have one.",
      [...total.vms].flatMap(([vm, { coreJoules }]) =>
        coreJoules === undefined ? [] : [{ labels: { vm }, value: coreJoules }],
      ),
    ),
    counter(
      "vmpower_vm_energy_saved_joules",
      "Energy that a VM saved, with both ends of the 95 % interval. It falls while a VM uses more than it would have.",
      saved.flat(),
    ),
  ];
}

function savedSamples(vm: string, { savedBaseline, savedMax }: ReturnType<typeof savedByOne>): Sample[] {
  return Object.entries({ baseline: savedBaseline, max: savedMax }).flatMap(([against, saved]) =>
    saved === undefined
      ? []
      : [
          { labels: { vm, against, bound: "estimate" }, value: saved.joules },
          { labels: { vm, against, bound: "low" }, value: saved.low },
          { labels: { vm, against, bound: "high" }, value: saved.high },
        ],
  );
}

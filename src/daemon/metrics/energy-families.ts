import type { Family, Sample } from "../../metrics/openmetrics.ts";
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
    {
      name: "vmpower_energy_meters",
      type: "gauge",
      help: "Meters of energy in use; without any, all joules are modelled.",
      samples: [{ value: meters.used.length }],
    },
    {
      name: "vmpower_host_energy_joules",
      type: "counter",
      help: "Energy that the host used, metered or modelled, also before a restart.",
      samples: [{ value: total.joules }],
    },
    {
      name: "vmpower_host_energy_metered_joules",
      type: "counter",
      help: "The part of the host's energy that meters told; the rest is modelled.",
      samples: [{ value: total.metered }],
    },
    {
      name: "vmpower_vm_energy_joules",
      type: "counter",
      help: "Energy that a VM used: its share of the host's.",
      samples: [...total.vms].map(([vm, { joules }]) => ({ labels: { vm }, value: joules })),
    },
    {
      name: "vmpower_vm_core_energy_joules",
      type: "counter",
      help: "Energy that cores used for a VM, as the hardware's own monitors told: a part of the host's, of VMs that have one.",
      samples: [...total.vms].flatMap(([vm, { coreJoules }]) =>
        coreJoules === undefined ? [] : [{ labels: { vm }, value: coreJoules }],
      ),
    },
    {
      name: "vmpower_vm_energy_saved_joules",
      type: "counter",
      help: "Energy that a VM saved, with both ends of the 95 % interval. It falls while a VM uses more than it would have.",
      samples: saved.flat(),
    },
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

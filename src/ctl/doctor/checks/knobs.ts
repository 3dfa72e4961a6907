import { formatCpuList } from "../../../base/cpu-list.ts";
import { advice, type Check, repair } from "../check.ts";
import { cpufreqText, cpuText, pcpusOf } from "../cpu-files.ts";

const OFF = "echo disabled > /sys/devices/system/cpu/amd_pstate/dynamic_epp";

/** Checks what is set on CPUs beside speeds. */
export const KNOB_CHECKS: readonly Check[] = [
  {
    name: "energy preference",
    find({ files, daemon }) {
      const byPolicy = pcpusOf(files).filter((pcpu) => cpufreqText(files, pcpu, "dynamic_epp") === "enabled");
      const isOn = cpuText(files, "amd_pstate/dynamic_epp") === "enabled" || byPolicy.length > 0;
      if (!isOn) return [];
      const where = byPolicy.length > 0 ? `CPU ${formatCpuList(byPolicy)}: the` : "The";
      const what = `${where} kernel moves the energy preference (EPP) by itself: dynamic_epp`;
      const remedy = byPolicy.length > 0 ? OFF.replace("amd_pstate", "cpufreq/policy*") : OFF;
      // Without Epp= in any contract nothing of ours is in its way.
      const wanted = daemon?.vms.some(({ contract }) => contract.epp !== undefined);
      return [wanted === true ? repair(`${what}, so Epp= cannot hold`, remedy) : advice(what, remedy)];
    },
  },
  {
    name: "knobs",
    find({ daemon }) {
      const lacking = daemon?.cpus.filter(({ knobsMissing = [] }) => knobsMissing.length > 0);
      if (lacking === undefined) return undefined;
      return [...Map.groupBy(lacking, ({ knobsMissing = [] }) => knobsMissing.join("; "))].map(
        ([why, cpus]) =>
          advice(
            `CPU ${formatCpuList(cpus.map(({ pcpu }) => pcpu))} does not have all that contracts ask for: ${why}`,
            "vmpowerctl contract NAME shows which section asks for it",
          ),
      );
    },
  },
];

import { formatCpuList } from "../../../base/cpu-list.ts";
import { formatKhz } from "../../../base/format-khz.ts";
import { advice, type Check, repair, type Wrong } from "../check.ts";
import { cpufreqText, cpuText, isOnline, pcpusOf } from "../cpu-files.ts";

/** Drivers that accept a speed only under the governor "userspace". */
const NEEDS_USERSPACE = /^(acpi-cpufreq|intel_cpufreq|cppc_cpufreq|amd-pstate|pcc-cpufreq)$/;

/** Reasons not to manage a CPU that an operator chose. */
export const CHOSEN = /^(offline|not in ManagedCpus|in Reserved|no such CPU)$/;

/** The reason not to manage a CPU beside a reserved one. */
const BESIDE_RESERVED = /^shares its clock with CPU \d+, which is in Reserved$/;

/** Checks firmware, scaling driver, governor, and whether the kernel holds the speeds that were set. */
export const CLOCK_CHECKS: readonly Check[] = [
  {
    name: "driver",
    onXen: false,
    find({ files }) {
      const without = pcpusOf(files).filter(
        (pcpu) => isOnline(files, pcpu) && cpufreqText(files, pcpu, "scaling_driver") === undefined,
      );
      if (without.length === 0) return [];
      return [
        repair(
          `CPU ${formatCpuList(without)} has no scaling driver`,
          "modprobe acpi-cpufreq; if that fails, let the operating system control P-states in the firmware (EIST, Cool'n'Quiet, OS DBPM)",
        ),
      ];
    },
  },
  {
    name: "governor",
    onXen: false,
    find({ files }) {
      const without = pcpusOf(files).filter((pcpu) => {
        const governors = cpufreqText(files, pcpu, "scaling_available_governors")?.split(/\s+/);
        const driver = cpufreqText(files, pcpu, "scaling_driver") ?? "";
        return NEEDS_USERSPACE.test(driver) && governors?.includes("userspace") === false;
      });
      if (without.length === 0) return [];
      return [
        repair(
          `CPU ${formatCpuList(without)}: its driver needs the governor "userspace", which the kernel has not loaded`,
          "modprobe cpufreq_userspace && echo cpufreq_userspace > /etc/modules-load.d/vm-power.conf",
        ),
      ];
    },
  },
  {
    name: "managed CPUs",
    onXen: false,
    find({ daemon }) {
      const left = daemon?.cpus.filter(({ managed, reason = "" }) => !managed && !CHOSEN.test(reason));
      if (left === undefined) return undefined;
      return [...Map.groupBy(left, ({ reason = "no reason given" }) => reason)].map(([reason, cpus]) =>
        unscaled(formatCpuList(cpus.map(({ pcpu }) => pcpu)), reason),
      );
    },
  },
  {
    name: "firmware",
    onXen: false,
    find({ files }) {
      const limited = pcpusOf(files).filter((pcpu) => {
        const limit = Number(cpufreqText(files, pcpu, "bios_limit"));
        return limit > 0 && limit < Number(cpufreqText(files, pcpu, "cpuinfo_max_freq"));
      });
      const [first] = limited;
      if (first === undefined) return [];
      const limit = formatKhz(Number(cpufreqText(files, first, "bios_limit")));
      return [
        advice(
          `The firmware limits CPU ${formatCpuList(limited)} to ${limit}`,
          "lift the power cap in the firmware or its management controller",
        ),
      ];
    },
  },
  {
    name: "turbo",
    onXen: false,
    find({ files }) {
      const isOff =
        cpuText(files, "intel_pstate/no_turbo") === "1" || cpuText(files, "cpufreq/boost") === "0";
      if (!isOff) return [];
      const switchOn =
        cpuText(files, "intel_pstate/no_turbo") === "1"
          ? "echo 0 > /sys/devices/system/cpu/intel_pstate/no_turbo"
          : "echo 1 > /sys/devices/system/cpu/cpufreq/boost";
      return [
        advice("Turbo is switched off for the whole host: guests that ask for it are refused", switchOn),
      ];
    },
  },
  {
    name: "drift",
    find({ daemon }) {
      const drifted = daemon?.checks.filter(({ ok }) => !ok);
      if (drifted === undefined) return undefined;
      if (drifted.length === 0) return [];
      return [
        repair(
          `CPU ${formatCpuList(drifted.map(({ pcpu }) => pcpu))} does not have the settings that it should have`,
          "vmpowerctl verify shows which files differ",
        ),
      ];
    },
  },
];

function unscaled(cpus: string, reason: string): Wrong {
  const fact = `CPU ${cpus} cannot be scaled: ${reason}`;
  return BESIDE_RESERVED.test(reason)
    ? advice(fact, "name it in Reserved= too, or pin VMs that need speed elsewhere")
    : repair(fact, "repair its cpufreq files, or leave it out with ManagedCpus= in /etc/vm-power.conf");
}

import { advice, type Check, repair } from "../check.ts";
import type { HostFiles } from "../host-files.ts";

/** A program that changes the same files, by its process and by its unit. */
interface Tuner {
  /** The kernel keeps 15 characters of it. */
  readonly comm: string;
  readonly unit: string;
  readonly does: string;
  readonly remedy: string;
  /** Whether it sets no speeds and only disturbs guests. */
  readonly disturbs?: true;
}

const TUNERS: readonly Tuner[] = [
  tuner("tuned", "sets governors and speeds by its profile"),
  tuner("power-profiles-daemon", "sets governors and energy preferences"),
  tuner("auto-cpufreq", "sets governors and speeds by load"),
  tuner("cpufreqd", "sets governors and speeds by rules"),
  tuner("cpupower", "sets governors and speeds when it starts"),
  tuner("tlp", "sets governors and energy preferences"),
  tuner("ondemand", "sets the governor after boot"),
  {
    ...tuner("irqbalance", "moves interrupts, also onto CPUs of guests"),
    remedy:
      "set IRQBALANCE_BANNED_CPULIST= to the guests' CPUs in /etc/default/irqbalance, then systemctl restart irqbalance",
    disturbs: true,
  },
];

/** Directories of enabled units. */
const WANTS = [
  "/etc/systemd/system/multi-user.target.wants",
  "/etc/systemd/system/graphical.target.wants",
  "/etc/systemd/system/basic.target.wants",
];

/** Checks for programs that change clocks besides the daemon. */
export const TUNER_CHECKS: readonly Check[] = [
  {
    name: "tuners",
    ofHost: true,
    find({ files }) {
      const running = processes(files);
      const enabled = new Set(WANTS.flatMap((directory) => files.names(directory)));
      return TUNERS.flatMap(({ comm, unit, does, remedy, disturbs }) => {
        const isRunning = running.has(comm);
        if (!isRunning && !enabled.has(unit)) return [];
        if (disturbs && /^\s*IRQBALANCE_BANNED_CPULIST=\S/m.test(files.text("/etc/default/irqbalance") ?? ""))
          return [];
        const what = `${unit} ${isRunning ? "runs" : "is enabled"}: it ${does}`;
        return [disturbs ? advice(what, remedy) : repair(what, remedy)];
      });
    },
  },
];

function processes(files: HostFiles): Set<string> {
  const pids = files.names("/proc").filter((name) => /^\d+$/.test(name));
  return new Set(pids.flatMap((pid) => files.text(`/proc/${pid}/comm`) ?? []));
}

function tuner(name: string, does: string): Tuner {
  const unit = `${name}.service`;
  return { comm: name.slice(0, 15), unit, does, remedy: `systemctl disable --now ${name}` };
}

import type { Config } from "../../config/config.ts";

/** Returns keys that differ and that a running daemon cannot follow, as an operator writes them. */
export function needsRestart(before: Config, after: Config): readonly string[] {
  const fixed: readonly (readonly [string, (config: Config) => unknown])[] = [
    ["ControlSocket", ({ daemon }) => daemon.controlSocket],
    ["MonitorSocket", ({ daemon }) => daemon.monitorSocket],
    ["MonitorAccess", ({ daemon }) => daemon.monitorAccess],
    ["RuntimeDirectory", ({ daemon }) => daemon.runtimeDirectory],
    ["StateDirectory", ({ daemon }) => daemon.stateDirectory],
    ["HistoryMegabytes", ({ daemon }) => daemon.historyMegabytes],
    ["Directory", ({ channels }) => channels.directory],
    ["Root", ({ cpufreq }) => cpufreq.root],
    ["ManagedCpus", ({ cpufreq }) => `${cpufreq.managedCpus}`],
    ["Reserved", ({ cpufreq }) => `${cpufreq.reserved}`],
    ["DryRun", ({ cpufreq }) => cpufreq.dryRun],
    ["Driver", ({ hypervisor }) => hypervisor.driver],
    ["Uri", ({ hypervisor }) => hypervisor.uri],
    ["Socket", ({ hypervisor }) => hypervisor.socket],
    ["the first or last [app NAME]", ({ apps }) => apps.length > 0],
    ["[energy]", ({ energy }) => JSON.stringify(energy)],
    ["[metrics]", ({ metrics }) => JSON.stringify(metrics)],
  ];
  return fixed.filter(([, value]) => value(before) !== value(after)).map(([key]) => key);
}

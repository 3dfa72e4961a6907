import type { SpeedUse } from "../../ledger/speed-use.ts";
import { openMeters, type Surroundings } from "../edges.ts";
import type { Parts } from "../parts.ts";
import { bootNow } from "../turn-clock.ts";
import { EnergyFile } from "./energy-file.ts";
import { EnergyWatch } from "./energy-watch.ts";

/** The parts that the account needs. */
type Used = Pick<Parts, "alarm" | "arbiter" | "cpufreq" | "hypervisor" | "vms">;

/** Opens the account of energy that an earlier daemon kept, or a new one. */
export function openEnergy(surroundings: Surroundings, speeds: SpeedUse, parts: Used): EnergyWatch {
  const { config, log, time } = surroundings;
  const { alarm, arbiter, cpufreq, hypervisor, vms } = parts;
  const file = new EnergyFile(config().daemon.stateDirectory, log);
  const fileTime = () => ({ boot: bootNow(), monoMs: time().monoMs });
  const stored = file.read(fileTime());
  return new EnergyWatch({
    ...{ alarm, arbiter, cpufreq, file, fileTime, speeds, stored, time },
    ...openMeters(surroundings, stored.counters),
    intervalMs: config().energy.interval * 1000,
    domains: () => vms.domains,
    vcpuTimes: hypervisor.vcpuTimes?.bind(hypervisor),
    coreEnergy: hypervisor.coreEnergy?.bind(hypervisor),
  });
}

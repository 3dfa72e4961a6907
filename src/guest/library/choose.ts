import type { Log } from "../../base/log.ts";
import { channelEnvironment } from "./channel-environment.ts";
import { cpufreqEnvironment, scalableCpus } from "./cpufreq-environment.ts";
import { ENVIRONMENTS, type Environment, type EnvironmentName } from "./environment.ts";
import { type Failure, failure } from "./outcome.ts";
import type { PortSource } from "./port.ts";
import { missingPort, VIRTIO_DIRECTORY, virtioPorts } from "./virtio-ports.ts";
import { XEN_DIRECTORY, xenConsoles } from "./xen-consoles.ts";
import { readXenstore } from "./xenstore.ts";

/** Paths of a machine; others than the defaults are for tests. */
export interface Places {
  readonly virtioPorts: string;
  readonly xenChannels: string;
  readonly xenDevices: string;
  readonly cpus: string;
  /** For bare metal: the directory where original settings are saved. */
  readonly journal: string;
}

/** The paths on every Linux. */
export const PLACES: Places = {
  virtioPorts: VIRTIO_DIRECTORY,
  xenChannels: XEN_DIRECTORY,
  xenDevices: "/sys/bus/xen/devices",
  cpus: "/sys/devices/system/cpu",
  journal: "/run/vm-power-guest",
};

/** All that an environment may need. */
export interface EnvironmentOptions {
  readonly places: Places;
  readonly vmName: string;
  readonly port: number | undefined;
  readonly hostMs: number;
  readonly answerMs: number;
  readonly keep: boolean;
  readonly log: Log;
}

/** The environment to use: the one that the variable names, else the first that is available. */
export function chooseEnvironment(variable: string | undefined, places: Places): EnvironmentName | Failure {
  if (variable !== undefined && variable !== "") {
    const named = ENVIRONMENTS.find((name) => name === variable);
    return named ?? failure("invalid", `VM_POWER_ENV=${variable} is not one of ${ENVIRONMENTS.join(", ")}`);
  }
  return ENVIRONMENTS.find((name) => isSupported(name, places)) ?? missingPort(places.virtioPorts, 0);
}

/** Whether an environment is available, as far as can be seen without using it. */
export function isSupported(name: EnvironmentName, places: Places): boolean {
  return (portsOf(name, places)?.list() ?? scalableCpus(places.cpus)).length > 0;
}

/** Makes an environment. It opens nothing before its `init`. */
export function makeEnvironment(name: EnvironmentName, options: EnvironmentOptions): Environment {
  const { places, keep, log } = options;
  const ports = portsOf(name, places);
  if (ports !== undefined) return channelEnvironment(ports, options);
  return cpufreqEnvironment({ root: places.cpus, journalDirectory: places.journal, keep, log });
}

/** The ports of a VM; none on bare metal. */
export function portsOf(name: EnvironmentName, places: Places): PortSource | undefined {
  if (name === "cpufreq") return undefined;
  return name === "kvm-vm" ? virtioPorts(places.virtioPorts) : consolesOf(places);
}

function consolesOf({ xenChannels, xenDevices }: Places) {
  return xenConsoles(xenChannels, { devices: xenDevices, consoles: "/dev", read: readXenstore });
}

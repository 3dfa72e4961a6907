import type { Khz, Pcpu } from "../base/domain.ts";
import type { LogLevel } from "../base/log.ts";
import type { ListenAddress } from "./values.ts";

/** All that an operator can set; `etc/vm-power.conf` documents each key. */
export interface Config {
  readonly daemon: {
    readonly controlSocket: string;
    readonly monitorSocket: string;
    readonly monitorAccess: "group" | "everyone" | "off";
    readonly runtimeDirectory: string;
    readonly stateDirectory: string;
    readonly logLevel: LogLevel;
  };
  readonly channels: {
    readonly directory: string;
    readonly autoAdd: boolean;
    /** Names or numbers of users; resolved when a channel is judged. */
    readonly trustedUsers: readonly string[];
    readonly strictDirectory: boolean;
  };
  readonly cpufreq: {
    readonly root: string;
    readonly managedCpus: "all" | readonly Pcpu[];
    readonly multiPin: "all" | "last" | "reject";
    readonly multiPinMax: number;
    readonly onExit: "restore" | "keep" | "max";
    readonly onDrift: "reassert" | "yield";
    readonly dryRun: boolean;
  };
  readonly hypervisor: {
    readonly driver: "libvirt" | "static";
    readonly uri: string;
    /** Undefined: found by the URI. */
    readonly socket: string | undefined;
  };
  readonly metrics: {
    readonly textfile: string | undefined;
    /** In seconds. */
    readonly interval: number;
    readonly listen: ListenAddress | undefined;
    readonly allowRemote: boolean;
  };
  readonly vms: ReadonlyMap<string, VmConfig>;
}

/** The contract of one VM, section `[vm NAME]`. */
export interface VmConfig {
  /** For the static hypervisor: the pCPU of each vCPU. */
  readonly vcpus: readonly Pcpu[] | undefined;
  readonly minKhz: Khz | undefined;
  readonly maxKhz: Khz | undefined;
  readonly turbo: boolean;
  readonly query: boolean;
  readonly physicalCores: boolean;
  readonly dryRun: boolean;
  /** Size of its guest's packets; `auto` detects it. */
  readonly abi: "auto" | 16 | 456 | 460 | 464;
}

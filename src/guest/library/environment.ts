import type { Khz } from "../../base/domain.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import type { Capabilities, OwnEnergy } from "../../wire/reply.ts";
import type { Policy } from "./guest-policy.ts";
import { failure, type Outcome } from "./outcome.ts";

/**
 * The environments, in the order in which they are tried. A Xen guest's consoles have the names of ports as well, for
 * DPDK's programs; a VM with real ports has no such consoles.
 */
export const ENVIRONMENTS = ["cpufreq", "xen-console", "kvm-vm"] as const;

/**
 * `cpufreq`: bare metal, where the kernel's files set the clock. `kvm-vm`: a VM that asks its host over a virtio-serial
 * port. `xen-console`: a Xen guest that asks over a console.
 */
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** One way to scale the CPU under an lcore. Calls that it does not support return `not-supported`. */
export interface Environment {
  /** The lcores that can be initialised, as far as can be seen. */
  lcores(): readonly number[];
  init(lcore: number): Promise<Outcome>;
  exit(lcore: number): Promise<Outcome>;
  scale(lcore: number, action: ScaleAction): Promise<Outcome>;
  /** Speeds, highest first. */
  freqs(lcore: number): Outcome<readonly Khz[]>;
  /** Index into {@link freqs}. */
  getFreq(lcore: number): Outcome<number>;
  setFreq(lcore: number, index: number): Outcome;
  turboStatus(lcore: number): Outcome<boolean>;
  getCapabilities(lcore: number): Outcome<Capabilities>;
  sendPolicy(lcore: number, policy: Policy): Promise<Outcome>;
  /** No host replies to this, so the best result is `unanswered`. */
  removePolicy(lcore: number): Promise<Outcome>;
  /** Queries the speed of one vCPU, or of the first 8, on this lcore's channel. The index is the vCPU. */
  queryFreqs(lcore: number, of: number | "all"): Promise<Outcome<readonly (Khz | undefined)[]>>;
  queryCaps(lcore: number, of: number | "all"): Promise<Outcome<readonly Capabilities[]>>;
  /** Asks the host how many joules it has counted for this VM. Only vm-power answers, where `Energy=yes` allows it. */
  queryEnergy(lcore: number): Promise<Outcome<OwnEnergy>>;
}

/** lcores are below this number, as in DPDK's largest builds. */
export const LCORE_END = 1024;

/** Whether a number can be an lcore. */
export function isLcore(lcore: number): boolean {
  return Number.isInteger(lcore) && lcore >= 0 && lcore < LCORE_END;
}

/** Before `init`, or after `exit`. */
export function notInitialised(lcore: number) {
  const reason = isLcore(lcore) ? `lcore ${lcore} is not initialised` : `There is no lcore ${lcore}`;
  return failure("invalid", reason);
}

/** The text of DPDK for "not supported". */
export function notSupported(what: string) {
  return failure("not-supported", what);
}

import type { Khz, Pcpu, Vcpu } from "../base/domain.ts";
import type { VmState } from "./control-types.ts";

/** What one VM asks of the daemon; counts are since it was first heard. */
export interface VmLoad {
  readonly vm: string;
  readonly state: VmState;
  readonly requests: number;
  readonly refused: number;
  readonly drops: number;
  readonly p99Us?: number | undefined;
}

/** What one vCPU asked for and has. */
export interface VcpuLoad {
  readonly vm: string;
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
  readonly state: string;
  readonly asked?: string | undefined;
  readonly askedKhz?: Khz | undefined;
  readonly grantedKhz?: Khz | undefined;
  readonly actualKhz?: Khz | undefined;
  readonly bound?: string | undefined;
  readonly requests: number;
}

/** All of it at one moment. */
export interface Load {
  readonly uptimeMs: number;
  readonly vms: readonly VmLoad[];
  readonly vcpus: readonly VcpuLoad[];
}

/** What a guest sent. */
export interface Packet {
  /** Since the daemon started. */
  readonly atMs: number;
  readonly vm: string;
  readonly channel: number;
  /** In base64, without the zeros at its end. */
  readonly bytes: string;
  readonly length: number;
}

/** VMs, all of them where none is named. */
export interface VmChoice {
  readonly vms?: readonly string[];
}

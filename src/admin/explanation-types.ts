import type { Khz, Pcpu } from "../base/domain.ts";
import type { Claimant, Contract, Cpu, Decision, VcpuStatus, VmState } from "./control-types.ts";

/** A change that another program made to a file of a clock. */
export interface Drift {
  readonly atMs: number;
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  readonly outcome: "reasserted" | "yielded" | "failed";
}

/** Why a CPU runs as it does. */
export interface Explanation {
  readonly cpu: Cpu;
  readonly claimants: readonly Claimant[];
  readonly last?: Decision | undefined;
  readonly drift?: Drift | undefined;
}

/** Why a clock runs as it does, as seen by one vCPU. */
export interface ClockExplanation extends Explanation {
  readonly rule: string;
}

/** Why a vCPU gets what it gets. */
export interface VcpuExplanation {
  readonly vm: string;
  readonly state: VmState;
  readonly detail: string;
  readonly added: boolean;
  readonly contract: Contract;
  readonly vcpu: VcpuStatus;
  readonly clocks: readonly ClockExplanation[];
}

/** A file that says something else than it should. */
export interface WrongFile {
  readonly file: string;
  readonly should: string;
  readonly does: string;
}

/** What should hold on a CPU, and whether it does. */
export interface CpuCheck {
  readonly pcpu: Pcpu;
  readonly ok: boolean;
  readonly should: string;
  readonly khz?: Khz | undefined;
  readonly currentKhz?: Khz | undefined;
  readonly wrong: readonly WrongFile[];
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
}

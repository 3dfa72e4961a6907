import type { Clock, Setting } from "../base/clock.ts";
import type { Domain, Vcpu } from "../base/domain.ts";
import type { Envelope } from "./envelope.ts";
import type { Contract, Holder, Refusal } from "./view.ts";
import type { Wants } from "./want.ts";

/** The state of one domain. */
export interface DomainState {
  domain: Domain;
  contract: Contract;
  /** The index is the vCPU. */
  vcpus: Claimant[];
  /** By pCPU, for a guest whose contract lets it name pCPUs. */
  readonly physical: Map<number, Claimant>;
  /** Its floors, each under the clock of a pinned thread. */
  readonly floors: { readonly clock: ClockState; readonly floor: Floor }[];
}

/** What a clock is not set below while anybody wants something there. */
export interface Floor {
  readonly source: "floor";
  readonly holder: Holder;
  readonly index: number;
}

/** One vCPU, or one pCPU that a guest named. It can have a claim on each of its clocks. */
export interface Claimant {
  readonly state: DomainState;
  readonly vcpu: Vcpu;
  readonly physical: boolean;
  readonly holder: Holder;
  /** Why its requests are refused; it has no claims then. */
  readonly problem: Refusal | undefined;
  /** One per clock that the vCPU may run on. */
  readonly claims: readonly Claim[];
  /** Its last request that was refused. */
  refused: RefusedRequest | undefined;
}

/** A refused request, and the reason. */
interface RefusedRequest {
  readonly asked: string;
  readonly atMs: number;
  readonly refusal: Refusal;
}

/** The wants of one claimant on one clock. A claim without a want is silent. */
export interface Claim {
  readonly claimant: Claimant;
  readonly clock: ClockState;
  readonly envelope: Envelope;
  /** Whether the claimant runs on this clock's CPU only; then it counts on the clock while it is silent. */
  readonly pinned: boolean;
  readonly wants: Wants;
}

/** The state of one clock, with all claims on it. */
export interface ClockState {
  readonly clock: Clock;
  readonly claims: Set<Claim>;
  /** Wants for the clock itself: operators' orders. */
  readonly wants: Wants;
  /** Those of domains with a thread pinned here. */
  readonly floors: Set<Floor>;
  /** The setting that the kernel accepted last; undefined if unknown. */
  accepted: Setting | undefined;
  /**
   * The setting that was decided last. It differs from `accepted` during the write. Undefined: it must be written
   * again.
   */
  decided: Setting | undefined;
  /**
   * Whether another program's setting is left on the clock. The next request is then written even if it changes
   * nothing.
   */
  yielded: boolean;
  last: LastRequest | undefined;
}

/** The last request for a clock. */
export interface LastRequest {
  readonly atMs: number;
  readonly by: Holder;
  readonly asked: string;
  /** The claim that asked; undefined for an operator. */
  readonly asker: Claim | undefined;
  readonly refusal: Refusal | undefined;
}

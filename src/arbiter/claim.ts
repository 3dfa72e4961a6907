import type { Clock, Setting } from "../base/clock.ts";
import type { Domain, Vcpu } from "../base/domain.ts";
import type { Envelope } from "./envelope.ts";
import type { Contract, Holder, Refusal } from "./view.ts";
import type { Wants } from "./want.ts";

/** One domain, as far as clocks go. */
export interface DomainState {
  domain: Domain;
  contract: Contract;
  /** By vCPU. */
  vcpus: Claimant[];
  /** By pCPU, for a guest that may name them. */
  readonly physical: Map<number, Claimant>;
}

/** One vCPU, or one pCPU that a guest named: who may claim. */
export interface Claimant {
  readonly state: DomainState;
  readonly vcpu: Vcpu;
  readonly physical: boolean;
  readonly holder: Holder;
  /** Why it may claim nothing; then it has no claims. */
  readonly problem: Refusal | undefined;
  /** One per clock that it may run on. */
  readonly claims: readonly Claim[];
  /** Its last request that was refused. */
  refused: RefusedRequest | undefined;
}

/** A request that was refused, and why. */
interface RefusedRequest {
  readonly asked: string;
  readonly atMs: number;
  readonly refusal: Refusal;
}

/** What one claimant wants of one clock; silent while it wants nothing. */
export interface Claim {
  readonly claimant: Claimant;
  readonly clock: ClockState;
  readonly envelope: Envelope;
  /** Whether the claimant runs on this clock's CPU and nowhere else, so that it counts on the clock while silent. */
  readonly pinned: boolean;
  readonly wants: Wants;
}

/** One clock and those who meet on it. */
export interface ClockState {
  readonly clock: Clock;
  readonly claims: Set<Claim>;
  /** What is wanted of the clock itself: an operator's order. */
  readonly wants: Wants;
  /** What the kernel last accepted; undefined where that is not known. */
  accepted: Setting | undefined;
  /** What was last decided. It differs from `accepted` while that write is under way; undefined: to be written again. */
  decided: Setting | undefined;
  /** Whether another program's setting is left there: the next request is written, whatever it is. */
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

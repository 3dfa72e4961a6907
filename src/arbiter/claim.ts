import type { Clock, Setting } from "../base/clock.ts";
import type { Domain, Vcpu } from "../base/domain.ts";
import type { ScaleAction } from "../wire/packet.ts";
import type { Contract, Envelope } from "./contract.ts";
import type { Position } from "./position.ts";
import type { Refusal } from "./refusal.ts";

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
  /** Why it may claim nothing; then it has no claims. */
  readonly problem: Refusal | undefined;
  /** One per clock that it may run on. */
  readonly claims: readonly Claim[];
  asked: ScaleAction | undefined;
  askedAtMs: number;
  /** Its last request that was refused. */
  refused: RefusedRequest | undefined;
}

/** A request that was refused, and why. */
export interface RefusedRequest {
  readonly asked: ScaleAction;
  readonly atMs: number;
  readonly refusal: Refusal;
}

/** What one claimant wants of one clock; silent while it has no position. */
export interface Claim {
  readonly claimant: Claimant;
  readonly clock: ClockState;
  readonly envelope: Envelope;
  /** Whether the claimant runs on this clock's CPU and nowhere else, so that it counts on the clock while silent. */
  readonly pinned: boolean;
  position: Position | undefined;
  /** Before its last request, for when the kernel refuses that. */
  previous: Position | undefined;
}

/** One clock and those who meet on it. */
export interface ClockState {
  readonly clock: Clock;
  readonly claims: Set<Claim>;
  operator: OperatorClaim | undefined;
  /** What the kernel last accepted; undefined after it refused, so that the next word is written whatever it is. */
  setting: Setting | undefined;
  /** Whether that was left to another program: the next who asks is written, whatever for. */
  yielded: boolean;
  last: LastDecision | undefined;
}

/** What an operator set by hand. */
export interface OperatorClaim {
  readonly position: Position;
  /** Held until released; otherwise until a guest on the clock asks. */
  readonly hold: boolean;
  readonly asked: string;
  readonly atMs: number;
}

/** The last decision about a clock, in parts; `explain()` makes words of it. */
export interface LastDecision {
  readonly atMs: number;
  readonly by: string;
  readonly vcpu: Vcpu | undefined;
  readonly asked: string;
  readonly setting: Setting;
  readonly refusal: Refusal | undefined;
  readonly bound: Position["bound"];
  readonly winner: Claim | "operator" | undefined;
  readonly asker: Claim | undefined;
}

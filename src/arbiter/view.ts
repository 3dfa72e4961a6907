import type { Clock, Setting, Speed, Write } from "../base/clock.ts";
import type { Domain, Khz, Pcpu, Vcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import type { PolicyKind } from "../base/policy-kind.ts";
import type { SavedSpeed } from "../base/saved-speed.ts";
import type { ScaleAction } from "../wire/packet.ts";
import type { PolicyFault } from "../wire/policy-fault.ts";
import type { Contract } from "./contract.ts";
import type { ParkedView, ParkingMove } from "./parking-view.ts";
import type { PolicyView } from "./policy-view.ts";
import type { ScheduleView } from "./schedule-view.ts";

// The input and output of the arbiter: plain data. Nothing outside this folder sees its state.

export type { Contract } from "./contract.ts";

/**
 * An operator's order for a clock. `restore` also ends all requests of guests, so that the baseline holds until the
 * next request.
 */
export type Order = ScaleAction | "release" | "restore" | { readonly khz: Khz };

/** Options of an operator's order. */
export interface OrderOptions {
  /** Whether it lasts until it is released; otherwise it lasts until a guest asks for a speed on that clock. */
  readonly hold: boolean;
  /** The operator's name, for explanations. */
  readonly who: string;
  readonly now: Now;
  /** When the order ends by itself, on the monotonic clock. */
  readonly untilMs?: number | undefined;
  /** Why it is given. */
  readonly reason?: string | undefined;
}

/** Who asked for a setting, or whose silence keeps it. */
export type Holder =
  | { readonly kind: "vcpu"; readonly vm: string; readonly vcpu: Vcpu }
  /** A guest that named a CPU of the host. */
  | { readonly kind: "pcpu"; readonly vm: string; readonly pcpu: Pcpu }
  | { readonly kind: "operator"; readonly who: string }
  /** A schedule for CPUs. */
  | { readonly kind: "schedule"; readonly name: string }
  /** No domain may run on the clock. */
  | { readonly kind: "parking" }
  /** A pinned thread of a domain beside its vCPUs, which has a floor. */
  | { readonly kind: "thread"; readonly vm: string; readonly thread: string };

/** Why a request is not granted. */
export type Refusal =
  | { readonly code: "unknown-domain" }
  | { readonly code: "not-running" }
  | { readonly code: "vcpu-out-of-range"; readonly vcpu: Vcpu; readonly vcpus: number }
  | { readonly code: "vcpu-offline"; readonly vcpu: Vcpu }
  | {
      readonly code: "not-pinned";
      readonly vcpu: Vcpu;
      readonly pcpus: readonly Pcpu[];
      readonly max: number;
    }
  | { readonly code: "cpu-not-managed"; readonly pcpu: Pcpu }
  /** The operator keeps the CPU, or one that shares its clock, for others. */
  | { readonly code: "cpu-reserved"; readonly pcpu: Pcpu }
  | { readonly code: "physical-cpu" }
  /** A CPU of the host that is not one of the application's. */
  | { readonly code: "cpu-of-others"; readonly pcpu: Pcpu }
  | { readonly code: "too-many-askers"; readonly max: number }
  | { readonly code: "no-turbo"; readonly pcpu: Pcpu }
  | { readonly code: "turbo-forbidden" }
  | { readonly code: "operation-forbidden"; readonly action: ScaleAction }
  | ({ readonly code: "no-such-speed"; readonly pcpu: Pcpu } & Record<"khz" | "minKhz" | "maxKhz", Khz>)
  | { readonly code: "queries-off" }
  /** Its channel asks more often than its contract allows. */
  | { readonly code: "too-many-requests"; readonly perSecond: number }
  /** Its channel asked so many times a second for so long that it is not heard for a while. */
  | { readonly code: "quarantined"; readonly forMs: number; readonly asked: number }
  | { readonly code: "not-answerable"; readonly vcpu: Vcpu | "all" }
  | { readonly code: "policy-fault"; readonly fault: PolicyFault }
  | { readonly code: "policy-forbidden"; readonly kind: PolicyKind }
  /** A guest policy by branch ratio. */
  | { readonly code: "branch-ratio" }
  | { readonly code: "too-many-policies"; readonly max: number }
  | { readonly code: "kernel-refused"; readonly reason: string };

/** A write of a change, with the holder for whom it is done; undefined for a baseline without claims. */
export interface ChangeWrite extends Write {
  readonly holder: Holder | undefined;
}

/**
 * A decision: writes, to be done in order, and the reply. The caller does the writes and then reports their result to
 * the arbiter with `commit`, or with `rollback` if the kernel refused a request.
 */
export interface Change {
  readonly writes: readonly ChangeWrite[];
  /** Undefined if the request is granted. */
  readonly refusal: Refusal | undefined;
  /** Granted in a dry run: it changes nothing. */
  readonly dry: boolean;
  /** Clocks whose operator's order this change ends. */
  readonly endedOrders: readonly Clock["id"][];
  /** Guest policies that want something else from now on, because of the time or the traffic. */
  readonly turned?: readonly PolicyView[];
  readonly parking?: ParkingMove;
  /** What keeps a granted request from the speed that it asked for: an operator's hold, or else a limit or another claim. */
  readonly limit?: { readonly kind: "held" | "bounded"; readonly clock: Pcpu } | undefined;
}

/** The result of a request that the kernel refused. */
export interface RefusedWrite {
  /** How many writes of the change the kernel accepted before. */
  readonly accepted: number;
  /** The file and the kernel's answer. */
  readonly reason: string;
  readonly now: Now;
}

/** The wants of one guest, in a form that the next daemon can read even if its tables differ. */
export interface SavedWant {
  readonly vm: string;
  /** A vCPU, or with `physical` a pCPU. */
  readonly resource: number;
  readonly physical: boolean;
  readonly asked: string | undefined;
  /** On the wall clock. */
  readonly askedAtMs: number;
  readonly speeds: readonly SavedSpeed[];
}

/** The rule that decides a clock's speed. */
export type Rule =
  | { readonly kind: "as-asked" }
  | { readonly kind: "nobody" }
  | { readonly kind: "bounded"; readonly by: "MaxKhz" | "MinKhz" }
  | { readonly kind: "operator"; readonly hold: boolean; readonly who: string }
  /** A schedule for the clock takes the place of the baseline. */
  | { readonly kind: "schedule"; readonly name: string }
  /** No domain may run there, and nobody asks for the clock. */
  | { readonly kind: "parked" }
  /** The holder never asked, so it keeps the baseline. */
  | { readonly kind: "silent"; readonly holder: Holder; readonly self: boolean }
  /** Another holder wants a higher speed on the same clock. */
  | { readonly kind: "outbid"; readonly holder: Holder; readonly khz: Khz }
  /** The speed that the request would get if it counted; undefined for the baseline. */
  | { readonly kind: "dry-run"; readonly holder: Holder; readonly khz: Khz | undefined }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** An operator's order in force. */
export interface OrderView {
  readonly khz: Khz;
  readonly hold: boolean;
  readonly who: string;
  readonly asked: string;
  readonly atMs: number;
  readonly untilMs: number | undefined;
  readonly reason: string | undefined;
}

/** One claim on a clock; it has no speed if it is silent. */
export interface ClaimView {
  readonly holder: Holder;
  readonly khz: Khz | undefined;
  /** Whether it counts on this clock while it is silent. */
  readonly pinned: boolean;
}

/** What a clock is not set below while anybody wants something there. */
interface FloorView {
  readonly holder: Holder;
  readonly khz: Khz;
}

/** The last request for a clock, and its result. */
export interface LastRequestView {
  readonly atMs: number;
  readonly by: Holder;
  readonly asked: string;
  readonly accepted: boolean;
  /** The speed that is set; undefined for the baseline. */
  readonly khz: Khz | undefined;
  readonly rule: Rule;
}

/** The state of one clock: what is set, what should be set, and why. */
export interface ClockView {
  readonly clock: Clock;
  /** The setting that the kernel accepted last; undefined after a refusal. */
  readonly accepted: Setting | undefined;
  /** The speed of that setting; undefined for the baseline, and if unknown. */
  readonly speed: Speed | undefined;
  readonly should: Setting;
  readonly shouldKhz: Khz | undefined;
  readonly order: OrderView | undefined;
  /** A schedule for the clock itself. */
  readonly schedule: ScheduleView | undefined;
  /** Its parking, if nobody wants anything else. */
  readonly parked: ParkedView | undefined;
  readonly claims: readonly ClaimView[];
  readonly floors: readonly FloorView[];
  readonly last: LastRequestView | undefined;
}

/** What a vCPU wants on one of its clocks, and what it gets there. */
export interface VcpuClockView {
  readonly clock: Clock["id"];
  /** The speed that it wants; undefined while it is silent. */
  readonly khz: Khz | undefined;
  readonly turbo: boolean;
  /** A slower speed that it asked for, and when it will want that, on the monotonic clock. */
  readonly due: { readonly khz: Khz; readonly atMs: number } | undefined;
  /** When its want ends unless the guest repeats it, on the monotonic clock. */
  readonly untilMs: number | undefined;
  /** The schedule that wants it; undefined if it is another source. */
  readonly schedule: ScheduleView | undefined;
  /** The speed that the kernel accepted last on that clock; undefined for the baseline. */
  readonly grantedKhz: Khz | undefined;
  /** Whether the kernel refused the setting that should hold. */
  readonly refused: boolean;
  readonly rule: Rule;
}

/** The state of one vCPU, or of a CPU of the host that a guest named: then both numbers are that of the CPU. */
export interface VcpuView {
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
  /** Why its requests are refused; undefined if they are not. */
  readonly problem: Refusal | undefined;
  readonly asked: string | undefined;
  readonly askedAtMs: number;
  readonly clocks: readonly VcpuClockView[];
  /** The last request that was refused. */
  readonly refused: { readonly asked: string; readonly atMs: number; readonly refusal: Refusal } | undefined;
}

/** The state of one domain that is served. */
export interface DomainView {
  readonly domain: Domain;
  readonly contract: Contract;
  readonly vcpus: number;
  /** Number of vCPUs that want a speed. */
  readonly claims: number;
}

/** The result of a granted request, on the first of its clocks. */
export interface GrantView {
  /** The speed that is set now; undefined for the baseline. */
  readonly khz: Khz | undefined;
  /** The rule that limited the request; undefined if it got what it asked for. */
  readonly bound: Rule | undefined;
}

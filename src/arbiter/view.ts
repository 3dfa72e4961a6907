import type { Clock, Setting, Speed, Write } from "../base/clock.ts";
import type { Domain, Khz, Pcpu, Vcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import type { ScaleAction } from "../wire/packet.ts";

// What goes into the arbiter and what comes out of it: plain data. Nothing outside this folder sees its state.

/** What a domain's guest may ask. */
export interface Contract {
  readonly minKhz: Khz | undefined;
  readonly maxKhz: Khz | undefined;
  readonly turbo: boolean;
  /** Whether it may ask for frequencies and capabilities. */
  readonly query: boolean;
  /** Whether it may name pCPUs instead of its vCPUs. */
  readonly physicalCores: boolean;
  /** Whether its requests are decided on and explained, but count for nothing. */
  readonly dryRun?: boolean;
}

/** What an operator wants of a clock. `restore` ends all requests too, so that the baseline holds until somebody asks. */
export type Order = ScaleAction | "release" | "restore" | { readonly khz: Khz };

/** How an operator wants it. */
export interface OrderOptions {
  /** Held until released; otherwise until a guest on that clock asks. */
  readonly hold: boolean;
  /** The operator, for explanations. */
  readonly who: string;
  readonly now: Now;
  /** When it ends by itself, on the monotonic clock. */
  readonly untilMs?: number | undefined;
}

/** Who asked for a setting, or for whose sake it holds. */
export type Holder =
  | { readonly kind: "vcpu"; readonly vm: string; readonly vcpu: Vcpu }
  /** A guest that named a CPU of the host. */
  | { readonly kind: "pcpu"; readonly vm: string; readonly pcpu: Pcpu }
  | { readonly kind: "operator"; readonly who: string };

/** Why something is not granted. */
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
  | { readonly code: "physical-cpu" }
  | { readonly code: "no-turbo"; readonly pcpu: Pcpu }
  | { readonly code: "turbo-forbidden" }
  | { readonly code: "no-such-speed"; readonly pcpu: Pcpu; readonly minKhz: Khz; readonly maxKhz: Khz }
  | { readonly code: "queries-off" }
  | { readonly code: "not-answerable"; readonly vcpu: Vcpu | "all" }
  | { readonly code: "guest-policies"; readonly fault: string | undefined }
  | { readonly code: "kernel-refused"; readonly reason: string };

/** A write of a change, and for whose sake it is done; undefined for a baseline that nobody asked for. */
export interface ChangeWrite extends Write {
  readonly holder: Holder | undefined;
}

/**
 * What was decided: writes to be done in order, and the reply. Whoever does the writes tells the arbiter what came of
 * them: `commit`, or for a request that the kernel refused, `rollback`.
 */
export interface Change {
  readonly writes: readonly ChangeWrite[];
  /** Undefined: granted. */
  readonly refusal: Refusal | undefined;
  /** Granted, but it counts for nothing. */
  readonly dry: boolean;
  /** Clocks whose operator's order ends with this change. */
  readonly endedOrders: readonly Clock["id"][];
}

/** What became of a request that the kernel refused. */
export interface RefusedWrite {
  /** Writes of the change that the kernel had taken before. */
  readonly accepted: number;
  /** The file and the kernel's answer. */
  readonly reason: string;
  readonly now: Now;
}

/** What one guest wants of its clocks, in words that outlive the arbiter: the next one may have other tables. */
export interface SavedWant {
  readonly vm: string;
  /** A vCPU, or with `physical` a pCPU. */
  readonly resource: number;
  readonly physical: boolean;
  readonly asked: string | undefined;
  /** On the wall clock. */
  readonly askedAtMs: number;
  readonly speeds: readonly { readonly clock: Pcpu; readonly khz: Khz; readonly turbo: boolean }[];
}

/** Which rule makes a clock run as it does. */
export type Rule =
  | { readonly kind: "as-asked" }
  | { readonly kind: "nobody" }
  | { readonly kind: "bounded"; readonly by: "MaxKhz" | "MinKhz" }
  | { readonly kind: "operator"; readonly hold: boolean; readonly who: string }
  /** It never asked, so it keeps the baseline. */
  | { readonly kind: "silent"; readonly holder: Holder; readonly self: boolean }
  /** Somebody else wants more on the same clock. */
  | { readonly kind: "outbid"; readonly holder: Holder; readonly khz: Khz }
  /** `khz` would hold if the request counted; undefined for the baseline. */
  | { readonly kind: "dry-run"; readonly holder: Holder; readonly khz: Khz | undefined }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** An operator's order that is in force. */
export interface OrderView {
  readonly khz: Khz;
  readonly hold: boolean;
  readonly who: string;
  readonly asked: string;
  readonly atMs: number;
  readonly untilMs: number | undefined;
}

/** Who meets on a clock, and wants what: no speed for one that never asked. */
export interface ClaimView {
  readonly holder: Holder;
  readonly khz: Khz | undefined;
  /** Whether it counts on this clock while it is silent. */
  readonly pinned: boolean;
}

/** The last request for a clock, and what became of it. */
export interface LastRequestView {
  readonly atMs: number;
  readonly by: Holder;
  readonly asked: string;
  readonly accepted: boolean;
  /** What holds; undefined for the baseline. */
  readonly khz: Khz | undefined;
  readonly rule: Rule;
}

/** One clock: what holds, what should hold, and why. */
export interface ClockView {
  readonly clock: Clock;
  /** What the kernel last accepted; undefined where it refused since. */
  readonly accepted: Setting | undefined;
  /** The table's entry for that; undefined for the baseline, and where it is not known. */
  readonly speed: Speed | undefined;
  readonly should: Setting;
  readonly shouldKhz: Khz | undefined;
  readonly order: OrderView | undefined;
  readonly claims: readonly ClaimView[];
  readonly last: LastRequestView | undefined;
}

/** What a vCPU wants on one of its clocks, and what comes of it there. */
export interface VcpuClockView {
  readonly clock: Clock["id"];
  /** What it wants; undefined while it is silent. */
  readonly khz: Khz | undefined;
  readonly turbo: boolean;
  /** What the kernel last accepted there; undefined for the baseline. */
  readonly grantedKhz: Khz | undefined;
  /** Whether the kernel refused what should hold. */
  readonly refused: boolean;
  readonly rule: Rule;
}

/** One vCPU. */
export interface VcpuView {
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
  /** Why its requests are refused, if they are. */
  readonly problem: Refusal | undefined;
  readonly asked: string | undefined;
  readonly askedAtMs: number;
  readonly clocks: readonly VcpuClockView[];
  /** The last request that was refused. */
  readonly refused: { readonly asked: string; readonly atMs: number; readonly refusal: Refusal } | undefined;
}

/** One domain that may claim. */
export interface DomainView {
  readonly domain: Domain;
  readonly contract: Contract;
  readonly vcpus: number;
  /** vCPUs that want a speed. */
  readonly claims: number;
}

/** What came of a request that was granted, on the first of its clocks. */
export interface GrantView {
  /** What holds now; undefined for the baseline. */
  readonly khz: Khz | undefined;
  /** The rule that held it back; undefined where it got what it asked for. */
  readonly bound: Rule | undefined;
}

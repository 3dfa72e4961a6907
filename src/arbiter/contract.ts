import type { Knobs } from "../base/knobs.ts";
import type { PolicyKind } from "../base/policy-kind.ts";
import type { SpeedBound } from "../base/speed-bound.ts";
import type { ScaleAction } from "../wire/packet.ts";

/** What a domain's guest is allowed to ask for. */
export interface Contract {
  readonly minKhz: SpeedBound | undefined;
  readonly maxKhz: SpeedBound | undefined;
  /** What the clocks of its other threads' pins are not set below, whoever asks. */
  readonly emulatorMinKhz?: SpeedBound | undefined;
  readonly turbo: boolean;
  /** What it may ask for. */
  readonly operations: readonly ScaleAction[];
  /** The guest policies that it may send. */
  readonly policies: readonly PolicyKind[];
  /** Whether it may ask for frequencies and capabilities. */
  readonly query: boolean;
  /** Whether it may name pCPUs instead of its vCPUs. */
  readonly physicalCores: boolean;
  /** Shortest time in ms that a vCPU stays at a speed before a slower one that it asks for holds; 0: none. */
  readonly minDwellMs: number;
  /** Seconds after which a request ends unless the guest repeats it; 0: never. */
  readonly leaseSec: number;
  /** What is set on its CPUs beside speeds. */
  readonly knobs?: Knobs;
  /** The schedules that concern it. */
  readonly schedules?: readonly string[];
  /** Whether its requests are only decided and explained, and change nothing. */
  readonly dryRun?: boolean;
}

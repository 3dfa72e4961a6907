/** The result of a call: a value, or a failure. */
export type Outcome<T = undefined> = Granted<T> | Failure;

/** It was done. */
export interface Granted<T> {
  readonly kind: "granted";
  readonly value: T;
}

/** Why a call failed. */
export interface Failure {
  readonly kind: FailureKind;
  /** For people: what is missing, on which side, and the remedy. A sentence without a full stop. */
  readonly reason: string;
}

/**
 * `refused`: the host or the kernel refused. `unanswered`: sent, but without a reply, as with hosts before DPDK 19.11.
 * `host-absent`: no host is connected. `not-supported`: this environment cannot do it. `no-port`: there is no port.
 * `busy`: another process has the port. `invalid`: the arguments are wrong, or it was called before `init`.
 */
export type FailureKind =
  | "refused"
  | "unanswered"
  | "host-absent"
  | "not-supported"
  | "no-port"
  | "busy"
  | "no-permission"
  | "invalid";

/** Makes a success with its value. */
export function granted(): Granted<undefined>;
export function granted<T>(value: T): Granted<T>;
export function granted<T>(value?: T): Granted<T | undefined> {
  return { kind: "granted", value };
}

/** Makes a failure. */
export function failure(kind: FailureKind, reason: string): Failure {
  return { kind, reason };
}

const ENOTSUP = 95;

/**
 * The return value of the same call of librte_power: `whenGranted` (0 or 1, depending on the call), -1, or -ENOTSUP.
 * There, a request that was written counts as a success, with or without a reply.
 */
export function returnValue(outcome: Outcome<unknown>, whenGranted: number): number {
  switch (outcome.kind) {
    case "granted":
    case "unanswered":
      return whenGranted;
    case "not-supported":
      return -ENOTSUP;
    case "refused":
    case "host-absent":
    case "no-port":
    case "busy":
    case "no-permission":
    case "invalid":
      return -1;
  }
}

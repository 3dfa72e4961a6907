/** What came of a call: what was asked for, or why not. */
export type Outcome<T = undefined> = Granted<T> | Failure;

/** It was done. */
export interface Granted<T> {
  readonly kind: "granted";
  readonly value: T;
}

/** Why a call came to nothing. */
export interface Failure {
  readonly kind: FailureKind;
  /** For a person: what is missing, on which side, and what to do about it. Sentence case, without full stop. */
  readonly reason: string;
}

/**
 * `refused`: the host, or the kernel, says no. `unanswered`: sent, but nobody said what became of it, as hosts before
 * DPDK 19.11 never do. `host-absent`: nobody is at the port's other end. `not-supported`: this environment cannot do it.
 * `no-port`: there is nothing to ask through. `busy`: another process has the port. `invalid`: the call makes no sense,
 * or comes before `init`.
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

/** It was done, and this is what was asked for. */
export function granted(): Granted<undefined>;
export function granted<T>(value: T): Granted<T>;
export function granted<T>(value?: T): Granted<T | undefined> {
  return { kind: "granted", value };
}

/** It came to nothing. */
export function failure(kind: FailureKind, reason: string): Failure {
  return { kind, reason };
}

const ENOTSUP = 95;

/**
 * What the same call of librte_power returns: `whenGranted` (0 or 1, by the call), -1, or -ENOTSUP. There a request that
 * was written has succeeded, whether a host answers or not.
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

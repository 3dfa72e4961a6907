/** Why a request is not granted, for the log and the operator; the guest only sees NACK. */
export interface Refusal {
  readonly code:
    | "unknown-domain"
    | "not-running"
    | "vcpu-out-of-range"
    | "vcpu-offline"
    | "not-pinned"
    | "cpu-not-managed"
    | "physical-cpu"
    | "no-turbo"
    | "turbo-forbidden"
    | "no-such-speed"
    | "guest-policies"
    | "kernel-refused";
  /** What is wrong, without naming the VM. */
  readonly reason: string;
  /** What an operator can do about it. */
  readonly remedy?: string;
}

/** The kernel's own no, seen by whoever did the write. */
export function kernelRefused(reason: string): Refusal {
  return { code: "kernel-refused", reason: `The kernel refused the write (${reason})` };
}

/** Guest policies are read and judged, but nothing evaluates them. */
export const GUEST_POLICIES_OFF: Refusal = {
  code: "guest-policies",
  reason: "guest policies are not enabled",
};

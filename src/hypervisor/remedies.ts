import type { Vcpu } from "../base/domain.ts";

/** Remedies for a domain in the driver's own terms: a command, or a change of the configuration. */
export interface Remedies {
  /** How to pin a vCPU to one CPU. */
  pin(domain: string, vcpu: Vcpu): string;
  /** How to give a domain a channel at this path. */
  defineChannel(domain: string, path: string): string;
  /** Why a name is unknown, and how to list the domains that run. */
  readonly unknownDomain: { readonly reason: string; readonly remedy: string };
}

import type { Vcpu } from "../base/domain.ts";

/** What an operator can do about a domain, in the driver's own words: a command, or a change of the configuration. */
export interface Remedies {
  /** Has a vCPU run on one CPU. */
  pin(domain: string, vcpu: Vcpu): string;
  /** Gives a domain a channel at this path. */
  defineChannel(domain: string, path: string): string;
  /** Why a name is that of no domain that runs, and how to find those that do. */
  readonly unknownDomain: { readonly reason: string; readonly remedy: string };
}

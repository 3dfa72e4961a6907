import type { Channel, Cpu, CpuCheck, Fifo, Finding, Status, Vm } from "../../admin/control-types.ts";
import { xenRole } from "../../os/xen/dom0.ts";
import type { HostFiles } from "./host-files.ts";

/** The daemon's replies that checks use. */
export interface DaemonFacts {
  readonly status: Status;
  readonly cpus: readonly Cpu[];
  readonly vms: readonly Vm[];
  readonly channels: readonly Channel[];
  readonly checks: readonly CpuCheck[];
  /** Undefined where no FIFO is read at all. */
  readonly fifos: readonly Fifo[] | undefined;
}

/** The input of all checks. */
export interface Facts {
  readonly files: HostFiles;
  /** Undefined if the daemon cannot be reached. */
  readonly daemon: DaemonFacts | undefined;
  /** Why the daemon cannot be reached. */
  readonly unreachable: string | undefined;
  /** The daemon's directory of CPUs, if it is not the kernel's. */
  readonly elsewhere?: string | undefined;
}

/** The result of one check. */
export type Wrong = Omit<Finding, "check">;

/** One check of `doctor`. */
export interface Check {
  readonly name: string;
  /**
   * Whether it looks at other parts of this host than CPUs. Then it is skipped for a daemon whose CPUs are elsewhere.
   */
  readonly ofHost?: true;
  /** Whether it is for Xen's dom0 (true) or for all other hosts (false); absent: for both. */
  readonly onXen?: boolean;
  /** Returns what is wrong: an empty list if nothing is, undefined if it cannot be checked. */
  readonly find: (facts: Facts) => readonly Wrong[] | undefined;
}

/** Whether VMs come from the configuration, so that remedies cannot be changes of a VM. */
export function isStatic({ status }: DaemonFacts): boolean {
  return status.hypervisor.driver === "static";
}

/** The option of `channel-config` that gives a VM of this host its channels. */
export function channelFormat({ status }: DaemonFacts): string {
  switch (status.hypervisor.driver) {
    case "libvirt":
      return "--apply";
    case "xen":
      return "--format xl";
    case "qemu":
    case "static":
      return "--format qemu";
  }
}

/** A fault that needs repair. */
export function repair(what: string, remedy: string | undefined): Wrong {
  return { verdict: "repair", what, remedy };
}

/** Something that works but could be better. */
export function advice(what: string, remedy: string | undefined): Wrong {
  return { verdict: "advice", what, remedy };
}

/** Runs all checks. */
export function examine(checks: readonly Check[], facts: Facts): Finding[] {
  const { elsewhere } = facts;
  const isXen = xenRole(facts.files) === "dom0";
  return checks.flatMap(({ name, ofHost, onXen = isXen, find }): Finding[] => {
    if (onXen !== isXen) return [];
    if (ofHost && elsewhere !== undefined)
      return [
        { check: name, verdict: "unknown", what: `does not apply to a daemon that uses "${elsewhere}"` },
      ];
    const wrong = find(facts);
    if (wrong === undefined) return [{ check: name, verdict: "unknown", what: "could not be looked at" }];
    if (wrong.length === 0) return [{ check: name, verdict: "good", what: "nothing is wrong" }];
    return wrong.map((each) => ({ check: name, ...each }));
  });
}

import type { Channel, Cpu, CpuCheck, Finding, Status, Vm } from "../../admin/control-types.ts";
import type { HostFiles } from "./host-files.ts";

/** What the daemon tells. */
export interface DaemonFacts {
  readonly status: Status;
  readonly cpus: readonly Cpu[];
  readonly vms: readonly Vm[];
  readonly channels: readonly Channel[];
  readonly checks: readonly CpuCheck[];
}

/** All that checks look at. */
export interface Facts {
  readonly files: HostFiles;
  /** Undefined where the daemon cannot be asked. */
  readonly daemon: DaemonFacts | undefined;
  /** Why it cannot be asked. */
  readonly unreachable: string | undefined;
  /** The daemon's directory of CPUs, where it is not the kernel's. */
  readonly elsewhere?: string | undefined;
}

/** What is wrong, by one check. */
type Wrong = Omit<Finding, "check">;

/** One thing to look at. */
export interface Check {
  readonly name: string;
  /** Whether it looks at more of this host than its CPUs. That means nothing to a daemon with CPUs elsewhere. */
  readonly ofHost?: true;
  /** Finds what is wrong; nothing where all is well, undefined where it cannot tell. */
  readonly find: (facts: Facts) => readonly Wrong[] | undefined;
}

/** Whether VMs are those of the configuration: nobody can be told to change one. */
export function isStatic({ status }: DaemonFacts): boolean {
  return status.hypervisor.driver === "static";
}

/** Something to mend. */
export function repair(what: string, remedy: string | undefined): Wrong {
  return { verdict: "repair", what, remedy };
}

/** Something that could be better. */
export function advice(what: string, remedy: string | undefined): Wrong {
  return { verdict: "advice", what, remedy };
}

/** Does all checks. */
export function examine(checks: readonly Check[], facts: Facts): Finding[] {
  const { elsewhere } = facts;
  return checks.flatMap(({ name, ofHost, find }): Finding[] => {
    if (ofHost && elsewhere !== undefined)
      return [
        { check: name, verdict: "unknown", what: `does not matter to a daemon that works on "${elsewhere}"` },
      ];
    const wrong = find(facts);
    if (wrong === undefined) return [{ check: name, verdict: "unknown", what: "could not be looked at" }];
    if (wrong.length === 0) return [{ check: name, verdict: "good", what: "nothing is wrong" }];
    return wrong.map((each) => ({ check: name, ...each }));
  });
}

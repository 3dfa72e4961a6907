import { type CommandLine, readCommandLine } from "./command-line.ts";
import type { Proc } from "./proc.ts";

/** The longest command line of a QEMU that is read, in bytes. One with hundreds of devices has a tenth of it. */
const COMMAND_LINE_BYTES_MAX = 1024 * 1024;

/** Names of processes that may be QEMU, which the kernel cuts after 15 bytes: `qemu-system-x86`, `qemu-kvm`, `kvm`. */
const NAME = /qemu|^kvm$/;

/** Which processes may be served. It is read at each use, because a reload replaces it. */
export interface ProcessRule {
  /** The users that QEMU may run as. */
  readonly trustedUids: ReadonlySet<number>;
  /** Whether to serve those in containers. */
  readonly containers: boolean;
}

/** A process that says that it is a QEMU. */
export interface QemuProcess extends CommandLine {
  /** When it was started, in ticks of the kernel since the boot. */
  readonly startTicks: number;
  readonly isContained: boolean;
  /** Why it may not be served; undefined if it may be. */
  readonly refusal: Refusal | undefined;
}

/** Why a QEMU is not served, and what to do. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

/** Whether a process may be QEMU, by its name alone. */
export function mayBeQemu(proc: Proc, pid: number): boolean {
  return NAME.test(proc.text(pid, "comm") ?? "");
}

/**
 * Reads what a process says about itself, and judges it by what the kernel says of it. A process is free to choose its
 * name, its arguments and the names of its threads, so only its user tells whether it may be served. Its executable would
 * prove nothing: QEMU itself loads code that its command line names.
 */
export function examineProcess(proc: Proc, pid: number, rule: ProcessRule): QemuProcess {
  const text = proc.whole(pid, "cmdline", COMMAND_LINE_BYTES_MAX);
  const status = proc.text(pid, "status") ?? "";
  const isContained = fieldOf(status, "NSpid").length > 1 || !hasOurUsers(proc, pid);
  return {
    ...readCommandLine((text ?? "").split("\0")),
    startTicks: startOf(proc, pid),
    isContained,
    refusal:
      (text === undefined ? TOO_LONG : undefined) ??
      judgeUsers(fieldOf(status, "Uid"), rule.trustedUids) ??
      (isContained ? judgeContainer(rule, proc.link(pid, "root") !== undefined) : undefined),
  };
}

const TOO_LONG: Refusal = {
  reason: `its command line has more than ${COMMAND_LINE_BYTES_MAX} bytes`,
  remedy: "make it shorter",
};

/** `uids`: real, effective, saved and of files. */
function judgeUsers(uids: readonly number[], trusted: ReadonlySet<number>): Refusal | undefined {
  const stranger = uids.find((uid) => !trusted.has(uid));
  if (uids.length > 0 && stranger === undefined) return undefined;
  return {
    reason: `it runs as the untrusted user ${stranger}`,
    remedy: "add the user that QEMU runs as to TrustedUsers",
  };
}

function judgeContainer({ containers }: ProcessRule, canLook: boolean): Refusal | undefined {
  if (!containers)
    return {
      reason: "it runs in a container",
      remedy: "set Containers=yes if who may start containers is trusted",
    };
  if (canLook) return undefined;
  return {
    reason: "it runs in a container that the daemon may not look into",
    remedy: "install the drop-in qemu-containers.conf",
  };
}

/** The numbers of a field of `status`: those of users are real, effective, saved and of files. */
function fieldOf(status: string, field: string): number[] {
  const values = new RegExp(`^${field}:((?:\\s+\\d+)+)$`, "m").exec(status)?.[1];
  return values?.trim().split(/\s+/).map(Number) ?? [];
}

/** Whether a process numbers users as the daemon does, and not as a user namespace of its own. */
function hasOurUsers(proc: Proc, pid: number): boolean {
  return words(proc.text(pid, "uid_map")) === words(proc.text(process.pid, "uid_map"));
}

function words(text: string | undefined): string {
  return text?.trim().split(/\s+/).join(" ") ?? "";
}

/** The fields before it may contain anything, the name of the process is among them; it ends with the last ")". */
function startOf(proc: Proc, pid: number): number {
  const stat = proc.text(pid, "stat") ?? "";
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? Number.NaN);
}

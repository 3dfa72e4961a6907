import type { FrequencyTable } from "../../base/clock.ts";
import type { Pcpu } from "../../base/domain.ts";
import { groupBy } from "../../base/group-by.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import type { XenControl } from "../../os/xen/control.ts";
import { JoinedCpus } from "../joined-cpus.ts";
import { listedTable } from "../speed-table.ts";
import { physicalCpus } from "./physical-cpus.ts";
import type { XenPm } from "./pm.ts";

/** One CPU that Xen can scale. */
export interface XenCpu {
  readonly pcpu: Pcpu;
  /** The CPUs of its cpufreq policy in Xen, ascending. */
  readonly policy: readonly Pcpu[];
  readonly driver: string;
  readonly table: FrequencyTable;
  /** Its core; SMT siblings have the same. */
  readonly core: string | undefined;
}

/** The CPUs that run at one speed. */
export interface XenClock {
  readonly members: readonly XenCpu[];
  /** Each policy once. */
  readonly policies: readonly (readonly Pcpu[])[];
}

/** The governor that takes speeds. */
export const USERSPACE = "userspace";

/** Names of drivers and governors. */
const NAME = /^[\w.-]{1,16}$/;

/** Errors that say something about the CPU. After another one it counts as unchanged. */
const LASTING: readonly Errno[] = ["EINVAL", "ENODEV", "ENOSYS", "EOPNOTSUPP", "EPERM"];

/** What is asked. */
export interface SurveyMeans {
  readonly control: XenControl;
  readonly pm: XenPm;
  /** CPUs that may be changed. */
  readonly mayChange: ReadonlySet<Pcpu> | undefined;
}

/** The result for each CPU. */
export type XenSurvey = ReadonlyMap<Pcpu, Result<XenCpu>>;

/** Looks at every CPU. One that cannot be looked at for the moment is as it was `before`. */
export function surveyXen(means: SurveyMeans, before: XenSurvey | undefined): XenSurvey {
  const { count, cores } = physicalCpus(means.control);
  // Xen always has a CPU 0. Without an answer everything is as it was.
  if (count === 0 && before !== undefined) return before;
  const found = new Map<Pcpu, Result<XenCpu>>();
  for (let pcpu = 0; pcpu < count; pcpu++)
    found.set(pcpu, lookAtCpu(means, pcpu, cores[pcpu]) ?? before?.get(pcpu) ?? failure("Xen is busy"));
  for (const pcpu of means.mayChange ?? []) if (!found.has(pcpu)) found.set(pcpu, failure("no such CPU"));
  return found;
}

/** Looks at one CPU; undefined if that is not possible for the moment. */
export function lookAtCpu(
  { control, pm, mayChange }: SurveyMeans,
  pcpu: Pcpu,
  core: string | undefined,
): Result<XenCpu> | undefined {
  if (mayChange !== undefined && !mayChange.has(pcpu)) return failure("not in ManagedCpus");
  const errno = pm.look(pcpu);
  if (errno !== undefined && !LASTING.includes(errno)) return undefined;
  if (errno !== undefined) return failure(whyNot(errno, control));
  const { driver, governors, speeds } = pm;
  const policy = pm.pcpus.sort((a, b) => a - b);
  if (!NAME.test(driver) || !policy.includes(pcpu)) return failure("Xen's answer about it makes no sense");
  const foreign = policy.find((other) => mayChange !== undefined && !mayChange.has(other));
  if (foreign !== undefined)
    return failure(`shares its clock with CPU ${foreign}, which is not in ManagedCpus`);
  if (speeds.length === 0)
    return failure(`Xen's driver ${driver} lists no speeds: boot Xen with cpufreq=xen:userspace`);
  if (!governors.includes(USERSPACE)) return failure(`Xen's driver ${driver} has no governor ${USERSPACE}`);
  // Xen does not tell a turbo that was switched off from a CPU without turbo, and takes the speed in either case.
  const table = listedTable(speeds, false);
  return table.ok ? success({ pcpu, policy, driver, table: table.value, core }) : table;
}

function whyNot(errno: Errno, control: XenControl): string {
  if (errno === "EPERM") return "Xen does not allow it (XSM)";
  if (errno !== "ENODEV")
    return "Xen has no P-states for it: it is offline, or dom0 did not report them (modprobe xen-acpi-processor)";
  const said = /(?:^|\s)(cpufreq=\S*)/.exec(control.commandLine())?.[1];
  const by = said === undefined ? "" : ` (it was booted with ${JSON.stringify(said)})`;
  return `Xen does not scale CPUs${by}: boot Xen with cpufreq=xen:userspace`;
}

/** Joins CPUs of one policy, and SMT siblings with the same table. */
export function findXenClocks(cpus: readonly XenCpu[]): XenClock[] {
  const joined = new JoinedCpus();
  for (const { pcpu, policy } of cpus) for (const other of policy) joined.join(pcpu, other);
  const likeIt = ({ pcpu, core, driver, table }: XenCpu) =>
    core === undefined ? `${pcpu}` : JSON.stringify([core, driver, table]);
  for (const [first, ...others] of groupBy(cpus, likeIt).values())
    for (const other of others) joined.join((first as XenCpu).pcpu, other.pcpu);
  return [...groupBy(cpus, ({ pcpu }) => joined.lowest(pcpu)).values()].map((members) => ({
    members,
    policies: [...new Map(members.map(({ policy }) => [policy.join(), policy])).values()],
  }));
}

import type { FrequencyTable } from "../../base/clock.ts";
import type { Pcpu } from "../../base/domain.ts";
import { groupBy } from "../../base/group-by.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import type { XenControl } from "../../os/xen/control.ts";
import { JoinedCpus } from "../joined-cpus.ts";
import type { Permitted } from "../permission.ts";
import { listedTable } from "../speed-table.ts";
import { type PhysicalCpus, physicalCpus } from "./physical-cpus.ts";
import type { XenPm } from "./pm.ts";

/** One CPU that Xen can scale. */
export interface XenCpu {
  readonly pcpu: Pcpu;
  /** The CPUs of its cpufreq policy in Xen, ascending. */
  readonly related: readonly Pcpu[];
  /** Its SMT siblings. */
  readonly neighbours: readonly Pcpu[];
  readonly driver: string;
  readonly table: FrequencyTable;
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
  readonly permitted: Permitted;
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
    found.set(pcpu, lookAtCpu(means, pcpu, cores) ?? before?.get(pcpu) ?? failure("Xen is busy"));
  for (const pcpu of means.permitted.named) if (!found.has(pcpu)) found.set(pcpu, failure("no such CPU"));
  return found;
}

/** Looks at one CPU; undefined if that is not possible for the moment. */
export function lookAtCpu(
  { control, pm, permitted }: SurveyMeans,
  pcpu: Pcpu,
  cores: PhysicalCpus["cores"],
): Result<XenCpu> | undefined {
  const objection = permitted.objection(pcpu);
  if (objection !== undefined) return failure(objection);
  const errno = pm.look(pcpu);
  if (errno !== undefined && !LASTING.includes(errno)) return undefined;
  if (errno !== undefined) return failure(whyNot(errno, control));
  const { driver, governors, speeds } = pm;
  const related = pm.pcpus.sort((a, b) => a - b);
  if (!NAME.test(driver) || !related.includes(pcpu)) return failure("Xen's answer about it makes no sense");
  const foreign = related.find((other) => !permitted.isManaged(other));
  if (foreign !== undefined && !permitted.reserved.has(foreign))
    return failure(`shares its clock with CPU ${foreign}, which is not in ManagedCpus`);
  if (speeds.length === 0)
    return failure(`Xen's driver ${driver} lists no speeds: boot Xen with cpufreq=xen:userspace`);
  if (!governors.includes(USERSPACE)) return failure(`Xen's driver ${driver} has no governor ${USERSPACE}`);
  // Xen does not tell a turbo that was switched off from a CPU without turbo, and takes the speed in either case.
  const table = listedTable(speeds, false);
  if (!table.ok) return table;
  const core = cores[pcpu];
  const neighbours = cores.flatMap((each, other) =>
    core !== undefined && each === core && other !== pcpu ? [other] : [],
  );
  return success({ pcpu, related, neighbours, driver, table: table.value });
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
  const byPcpu = new Map(cpus.map((cpu) => [cpu.pcpu, cpu]));
  for (const cpu of cpus) {
    for (const pcpu of cpu.related) joined.join(cpu.pcpu, pcpu);
    for (const pcpu of cpu.neighbours) {
      const other = byPcpu.get(pcpu);
      if (other !== undefined && hasSameSpeeds(cpu, other)) joined.join(cpu.pcpu, pcpu);
    }
  }
  return [...groupBy(cpus, ({ pcpu }) => joined.lowest(pcpu)).values()].map((members) => ({
    members,
    policies: [...new Map(members.map(({ related }) => [related.join(), related])).values()],
  }));
}

function hasSameSpeeds(a: XenCpu, b: XenCpu): boolean {
  return a.driver === b.driver && JSON.stringify(a.table) === JSON.stringify(b.table);
}

import fs from "node:fs";
import { dirname } from "node:path";
import { type CpufreqFiles, driverFiles, type TreeDriver, type TreeSpeeds } from "./cpufreq-files.ts";

/** Some equal CPUs of a simulated host. */
export interface TreeCpus extends TreeSpeeds {
  readonly cpus: readonly number[];
  readonly driver: TreeDriver;
  /** Whether all of them are in one cpufreq policy. */
  readonly shared?: boolean;
  /** Whether all of them are threads of one core, each with its own cpufreq policy. */
  readonly siblings?: boolean;
  /** CPUs that are offline at first. */
  readonly offline?: readonly number[];
  /** The governor, if it is not the driver's usual one. */
  readonly governor?: string;
  /** Additional or other files of the cpufreq policy; undefined removes a file. */
  readonly files?: CpufreqFiles;
}

/** A tree of plain files that looks like `/sys/devices/system/cpu`. */
export interface CpufreqTree {
  readonly root: string;
  /** The content of a file in `cpuN/cpufreq`, without the newline; undefined if there is no such file. */
  read(cpu: number, file: string): string | undefined;
  /** Changes such a file as another program would. */
  write(cpu: number, file: string, value: string): void;
  /** Switches a CPU on or off. A cpufreq policy without CPUs disappears, and is as at first when it comes back. */
  setOnline(cpu: number, online: boolean): void;
}

/** Builds a tree below `root`. */
export function makeCpufreqTree(root: string, groups: readonly TreeCpus[]): CpufreqTree {
  const online = new Set<number>();
  for (const group of groups) {
    for (const cpu of group.cpus) {
      if (!(group.offline ?? []).includes(cpu)) online.add(cpu);
      makeCpu(root, group, cpu);
    }
  }
  for (const group of groups)
    for (const cpus of policiesOf(group)) settlePolicy(root, group, { cpus, online });
  for (const group of groups) putFiles(root, driverFiles(group.driver, group).host);
  listCpus(root, groups, online);
  return {
    root,
    read: (cpu, file) => readLine(`${root}/cpu${cpu}/cpufreq/${file}`),
    write: (cpu, file, value) => fs.writeFileSync(`${root}/cpu${cpu}/cpufreq/${file}`, `${value}\n`),
    setOnline(cpu, on) {
      const group = groups.find(({ cpus }) => cpus.includes(cpu));
      if (group === undefined) throw new Error(`The tree has no CPU ${cpu}`);
      if (on) online.add(cpu);
      else online.delete(cpu);
      const cpus = policiesOf(group).find((policy) => policy.includes(cpu)) ?? [];
      settlePolicy(root, group, { cpus, online });
      listCpus(root, groups, online);
    },
  };
}

function policiesOf({ cpus, shared }: TreeCpus): (readonly number[])[] {
  return shared === true ? [cpus] : cpus.map((cpu) => [cpu]);
}

function makeCpu(root: string, group: TreeCpus, cpu: number): void {
  const siblings = group.siblings === true ? group.cpus : [cpu];
  putFiles(`${root}/cpu${cpu}`, {
    "topology/core_id": `${Math.min(...siblings)}`,
    "topology/physical_package_id": "0",
    "topology/thread_siblings_list": siblings.join(","),
    "power/pm_qos_resume_latency_us": "0",
    ...driverFiles(group.driver, group).cpu,
  });
}

interface PolicyState {
  /** The CPUs of one cpufreq policy. */
  readonly cpus: readonly number[];
  /** All online CPUs of the tree. */
  readonly online: ReadonlySet<number>;
}

/** Makes, changes or removes the directory of a cpufreq policy as its CPUs require. */
function settlePolicy(root: string, group: TreeCpus, { cpus, online }: PolicyState): void {
  const first = Math.min(...cpus);
  const policy = `${root}/cpufreq/policy${first}`;
  const affected = cpus.filter((cpu) => online.has(cpu));
  for (const cpu of cpus) {
    // The boot CPU cannot be switched off.
    if (cpu !== 0) putFiles(`${root}/cpu${cpu}`, { online: online.has(cpu) ? "1" : "0" });
    fs.rmSync(`${root}/cpu${cpu}/cpufreq`, { force: true });
    if (online.has(cpu)) fs.symlinkSync(`../cpufreq/policy${first}`, `${root}/cpu${cpu}/cpufreq`);
  }
  if (affected.length === 0) {
    fs.rmSync(policy, { recursive: true, force: true });
    return;
  }
  if (!fs.existsSync(policy)) putFiles(policy, policyFiles(group, cpus));
  putFiles(policy, { affected_cpus: affected.join(" ") });
}

function policyFiles(group: TreeCpus, cpus: readonly number[]): CpufreqFiles {
  return {
    ...driverFiles(group.driver, group).policy,
    related_cpus: cpus.join(" "),
    ...(group.driver === "acpi-cpufreq" ? { freqdomain_cpus: cpus.join(" ") } : {}),
    ...(group.governor === undefined ? {} : { scaling_governor: group.governor }),
    ...group.files,
  };
}

/** The kernel's lists of possible and of online CPUs. */
function listCpus(root: string, groups: readonly TreeCpus[], online: ReadonlySet<number>): void {
  const all = groups.flatMap(({ cpus }) => cpus).sort((a, b) => a - b);
  const present = ranges(all);
  const running = ranges(all.filter((cpu) => online.has(cpu)));
  putFiles(root, { possible: present, present, online: running });
}

/** Formats numbers as the kernel lists CPUs. */
function ranges(sorted: readonly number[]): string {
  const first = sorted.filter((cpu) => !sorted.includes(cpu - 1));
  const last = sorted.filter((cpu) => !sorted.includes(cpu + 1));
  return first.map((cpu, i) => (cpu === last[i] ? `${cpu}` : `${cpu}-${last[i]}`)).join(",");
}

function putFiles(directory: string, files: CpufreqFiles): void {
  for (const [file, text] of Object.entries(files)) {
    if (text === undefined) continue;
    fs.mkdirSync(dirname(`${directory}/${file}`), { recursive: true });
    fs.writeFileSync(`${directory}/${file}`, `${text}\n`);
  }
}

function readLine(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

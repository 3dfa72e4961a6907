import fs from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { ScalingDriver, Speeds } from "./driver.ts";
import { driverNamed } from "./drivers/drivers.ts";
import { type Host, isOnline } from "./host.ts";
import { isPolicyName } from "./journal-names.ts";
import type { Readings } from "./readings.ts";
import { ifThere, parseCpus, parseKhz, parseNumber, quote, readOptional } from "./sysfs-file.ts";

/** One CPU that can be scaled, as its files describe it. */
export interface ScannedCpu {
  readonly pcpu: Pcpu;
  readonly policy: PolicyDirectory;
  /** All CPUs of its cpufreq policy, itself and offline ones included. */
  readonly related: readonly Pcpu[];
  /** CPUs of other cpufreq policies on the same hardware clock: its frequency domain and its SMT siblings. */
  readonly neighbours: readonly Pcpu[];
  readonly driver: string;
  readonly scaling: ScalingDriver;
  readonly speeds: Speeds;
}

/** The directory of one sysfs cpufreq policy. */
export interface PolicyDirectory {
  /** Under the root, without symbolic links: `cpufreq/policy2`, or `cpu2/cpufreq`. */
  readonly name: string;
  readonly path: string;
  /** It changes when the kernel makes the directory anew. */
  readonly inode: number;
}

/** The kernel allows 16 characters. */
const DRIVER_NAME = /^[\w.-]{1,32}$/;

/** The content of a small file without the blanks around it; undefined if there is none. */
type Say = (path: string) => string | undefined;

/**
 * Reads the files of one CPU, and notes all that it reads. A failure tells an operator why the CPU cannot be scaled.
 * Throws `LookFailed` if the files cannot be read for the moment, and nothing else.
 */
export function scanCpu(host: Host, pcpu: Pcpu, readings: Readings): Result<ScannedCpu> {
  const say: Say = (file) => readings.file(file)?.trim();
  if (!isOnline(host.root, pcpu, say)) return failure("offline");
  const policy = policyOf(host.root, pcpu, readings);
  if (!policy.ok) return policy;
  const { path } = policy.value;
  const related = cpuLists(path, ["related_cpus", "affected_cpus"], say);
  if (!related.ok) return related;
  const domain = cpuLists(path, ["freqdomain_cpus"], say);
  if (!domain.ok) return domain;
  const siblings = cpuLists(`${host.root}/cpu${pcpu}/topology`, ["thread_siblings_list"], say);
  if (!siblings.ok) return siblings;
  const driver = say(`${path}/scaling_driver`);
  if (driver === undefined) return failure("no scaling_driver");
  if (!DRIVER_NAME.test(driver)) return failure(`scaling_driver says ${quote(driver)}`);
  const scaling = driverNamed(driver);
  const cppc = (file: string) => readings.file(`${host.root}/cpu${pcpu}/acpi_cppc/${file}`, readOptional);
  const speeds = scaling.speeds({
    text: (file) => say(`${path}/${file}`),
    khz: (file) => parseKhz(say(`${path}/${file}`)),
    cppc: (file) => parseNumber(cppc(file)),
    turboPercent: host.turboPercent,
    boostOff: host.boostOff || say(`${path}/boost`) === "0",
  });
  if (!speeds.ok) return speeds;
  return success({
    pcpu,
    policy: policy.value,
    related: [...new Set([pcpu, ...related.value])],
    neighbours: [...new Set([...domain.value, ...siblings.value])].filter((other) => other !== pcpu),
    driver,
    scaling,
    speeds: speeds.value,
  });
}

function policyOf(root: string, pcpu: Pcpu, readings: Readings): Result<PolicyDirectory> {
  const path = readings.note(() => ifThere(() => fs.realpathSync(`${root}/cpu${pcpu}/cpufreq`)));
  if (path === undefined) return failure("no cpufreq directory");
  const name = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "";
  if (!isPolicyName(name)) return failure(`its cpufreq directory is ${quote(path)}`);
  const inode = readings.note(() => ifThere(() => directoryInode(path)));
  if (inode === undefined) return failure("no cpufreq directory");
  if (inode === "none") return failure("its cpufreq is not a directory");
  return success({ name, path, inode });
}

function directoryInode(path: string): number | "none" {
  const stat = fs.statSync(path);
  return stat.isDirectory() ? stat.ino : "none";
}

function cpuLists(directory: string, files: readonly string[], say: Say): Result<Pcpu[]> {
  const all: Pcpu[] = [];
  for (const file of files) {
    const text = say(`${directory}/${file}`);
    if (text === undefined) continue;
    const cpus = parseCpus(text);
    if (cpus === undefined) return failure(`${file} says ${quote(text)}`);
    all.push(...cpus);
  }
  return success(all);
}

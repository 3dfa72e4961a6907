import fs from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "./driver.ts";
import { driverNamed } from "./drivers/drivers.ts";
import { type Host, isOnline } from "./host.ts";
import { isPolicyName } from "./journal-names.ts";
import { attempt, parseCpus, parseKhz, parseNumber, quote, readOptional, readText } from "./sysfs-file.ts";

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

/**
 * Reads the files of one CPU. A failure tells an operator why the CPU cannot be scaled. Throws `LookFailed` if the files
 * cannot be read for the moment, and nothing else.
 */
export function scanCpu(host: Host, pcpu: Pcpu): Result<ScannedCpu> {
  if (!isOnline(host.root, pcpu)) return failure("offline");
  const policy = policyOf(host.root, pcpu);
  if (!policy.ok) return policy;
  const { path } = policy.value;
  const related = cpuLists(path, ["related_cpus", "affected_cpus"]);
  if (!related.ok) return related;
  const domain = cpuLists(path, ["freqdomain_cpus"]);
  if (!domain.ok) return domain;
  const siblings = cpuLists(`${host.root}/cpu${pcpu}/topology`, ["thread_siblings_list"]);
  if (!siblings.ok) return siblings;
  const driver = readText(`${path}/scaling_driver`);
  if (driver === undefined) return failure("no scaling_driver");
  if (!DRIVER_NAME.test(driver)) return failure(`scaling_driver says ${quote(driver)}`);
  const scaling = driverNamed(driver);
  const speeds = scaling.speeds(cpuFiles(host, pcpu, path));
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

function policyOf(root: string, pcpu: Pcpu): Result<PolicyDirectory> {
  const path = attempt(() => fs.realpathSync(`${root}/cpu${pcpu}/cpufreq`));
  if (path === undefined) return failure("no cpufreq directory");
  const name = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "";
  if (!isPolicyName(name)) return failure(`its cpufreq directory is ${quote(path)}`);
  const stat = attempt(() => fs.statSync(path));
  if (stat === undefined) return failure("no cpufreq directory");
  if (!stat.isDirectory()) return failure("its cpufreq is not a directory");
  return success({ name, path, inode: stat.ino });
}

function cpuLists(directory: string, files: readonly string[]): Result<Pcpu[]> {
  const all: Pcpu[] = [];
  for (const file of files) {
    const text = readText(`${directory}/${file}`);
    if (text === undefined) continue;
    const cpus = parseCpus(text);
    if (cpus === undefined) return failure(`${file} says ${quote(text)}`);
    all.push(...cpus);
  }
  return success(all);
}

function cpuFiles(host: Host, pcpu: Pcpu, policy: string): CpuFiles {
  return {
    text: (file) => readText(`${policy}/${file}`),
    khz: (file) => parseKhz(readText(`${policy}/${file}`)),
    cppc: (file) => parseNumber(readOptional(`${host.root}/cpu${pcpu}/acpi_cppc/${file}`)),
    turboPercent: host.turboPercent,
    boostOff: host.boostOff || readText(`${policy}/boost`) === "0",
  };
}

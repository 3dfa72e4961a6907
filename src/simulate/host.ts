import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CpufreqTree, makeCpufreqTree } from "./cpufreq-tree.ts";
import type { SimulatedVm } from "./guest.ts";

/** A host of plain files in its own directory. */
export interface SimulatedHost {
  readonly directory: string;
  readonly channels: string;
  readonly configFile: string;
  readonly controlSocket: string;
  readonly tree: CpufreqTree;
  /** Where its RAPL zones are. */
  readonly powercap: string;
  remove(): void;
}

const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];

/** Makes a host with eight CPUs for some VMs. CPUs 4 and 5 share a clock; 6 and 7 have hardware P-states as Intel's. */
export function makeHost(vms: readonly SimulatedVm[]): SimulatedHost {
  const directory = mkdtempSync(join(memoryDirectory(), "vm-power-"));
  const path = (name: string) => join(directory, name);
  const tree = makeCpufreqTree(path("cpu"), [
    { cpus: [0, 1, 2, 3], driver: "acpi-cpufreq", khz: KHZ },
    { cpus: [4, 5], driver: "acpi-cpufreq", khz: KHZ, shared: true },
    { cpus: [6, 7], driver: "intel_pstate", khz: [3_500_000, 800_000], baseKhz: 2_100_000 },
  ]);
  // As on a well-configured host, only guests run on their CPUs.
  writeFileSync(path("cpu/isolated"), `${formatted(vms)}\n`);
  mkdirSync(path("channels"), { mode: 0o755 });
  const host = {
    directory,
    channels: path("channels"),
    configFile: path("vm-power.conf"),
    controlSocket: path("control.sock"),
    tree,
    powercap: path("powercap"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  writeFileSync(host.configFile, configuration(host, vms));
  return host;
}

/** A directory in memory, as /run on a real host is: on a disk the daemon would seem slow. */
function memoryDirectory(): string {
  const known = [process.env["XDG_RUNTIME_DIR"] ?? "", "/dev/shm"].find(isUsable);
  return known ?? tmpdir();
}

function isUsable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function formatted(vms: readonly SimulatedVm[]): string {
  return vms
    .flatMap(({ pcpus }) => pcpus)
    .sort((a, b) => a - b)
    .join(",");
}

function configuration(
  { directory, channels, controlSocket, powercap }: Omit<SimulatedHost, "remove">,
  vms: readonly SimulatedVm[],
): string {
  return `[daemon]
RuntimeDirectory=${join(directory, "run")}
StateDirectory=${join(directory, "state")}
ControlSocket=${controlSocket}
LogLevel=warning
[channels]
Directory=${channels}
[cpufreq]
Root=${join(directory, "cpu")}
[energy]
Powercap=${powercap}
Hwmon=${join(directory, "hwmon")}
Interval=1
[hypervisor]
Driver=static
${vms.map(({ name, pcpus }) => `[vm ${name}]\nVcpus=${pcpus.join(",")}\n`).join("")}`;
}

import { afterEach, beforeEach } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Channel, Cpu, Fifo, Vm } from "../../src/admin/control-types.ts";
import { CHANNELS, type CHECKS, CPUS, STATUS, WEB1 } from "../admin/sample-control.ts";
import { ctlWith, type Ran } from "./harness.ts";

/** Where a host's CPUs are, below its root. */
export const CPU = "/sys/devices/system/cpu";

export const [channel, cpu] = [CHANNELS[0] as Channel, CPUS[0] as Cpu];

/** One vCPU pinned to CPU 2, with its channel, and nothing wrong. */
export const VM: Vm = { ...WEB1, vcpus: WEB1.vcpus.slice(0, 1), channels: [channel] };
export const managed: Cpu[] = [2, 3].map((pcpu) => ({ ...cpu, pcpu, clock: [pcpu] }));

/** What the daemon of a host says. */
export interface Replies {
  vms?: Vm[];
  cpus?: Cpu[];
  channels?: Channel[];
  status?: Partial<typeof STATUS>;
  checks?: typeof CHECKS;
  fifos?: Fifo[];
}

/** A host without a fault for each test of a file. */
export function doctorHost() {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "vm-power-doctor-"));
    mkdirSync(join(root, "tmp/powermonitor"), { recursive: true });
    put("/etc/group", "root:x:0:\nvm-power:x:990:\n");
    put(
      "/proc/4711/limits",
      "Limit                     Soft Limit           Hard Limit           Units\nMax open files            32768                32768                files\n",
    );
    put("/proc/4711/comm", "vm-power\n");
    put(`${CPU}/isolated`, "2-3\n");
    for (const pcpu of [2, 3]) {
      put(`${CPU}/cpu${pcpu}/cpufreq/scaling_driver`, "acpi-cpufreq\n");
      put(`${CPU}/cpu${pcpu}/cpufreq/scaling_available_governors`, "userspace schedutil\n");
      put(`${CPU}/cpu${pcpu}/cpufreq/cpuinfo_max_freq`, "2301000\n");
      put(`${CPU}/cpu${pcpu}/topology/thread_siblings_list`, "2-3\n");
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  /** Runs `vmpowerctl doctor` beside a daemon with these replies. */
  function doctor(
    { vms = [VM], cpus = managed, channels = [channel], status = {}, checks = [], fifos }: Replies = {},
    args: string[] = [],
  ): Promise<Ran> {
    const control = {
      GetStatus: () => ({ ...STATUS, channelsRefused: 0, ...status }),
      ListCpus: () => ({ cpus }),
      ListChannels: () => ({ channels }),
      Verify: () => ({ cpus: checks }),
      ListAskers: () => ({ askers: [], fifos }),
      ListVms: () => ({
        vms: vms.map(({ name }) => ({
          name,
          state: "running" as const,
          added: true,
          vcpus: 1,
          channels: 1,
          connected: 1,
          claims: 0,
        })),
      }),
      ShowVm: ({ vm }: { vm: string }) => ({ vm: vms.find(({ name }) => name === vm) ?? VM }),
    };
    return ctlWith(control, ["doctor", "--root", root, ...args], {
      isTty: true,
      columns: 80,
      env: { NO_COLOR: "1" },
    });
  }

  return { put, doctor, in: (path: string) => join(root, path) };
}

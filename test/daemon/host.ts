import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CpufreqTree, makeCpufreqTree, type TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { type Port, startPort } from "./port.ts";
import { until } from "./until.ts";

const EXECUTABLE = join(import.meta.dir, "../../dist/vm-power");
const READY_MS = 20_000;

/** The table of the measurements with DPDK's host. */
const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];

/** A host of plain files in its own directory, for the compiled executable. */
export interface TestHost {
  readonly directory: string;
  readonly channels: string;
  readonly tree: CpufreqTree;
  readonly configFile: string;
  readonly socket: string;
  /** The directory of `vm-power` and `vmpowerctl`. */
  readonly executables: string;
  /** The daemon's output so far. */
  readonly log: () => string;
  /** Starts the daemon and waits until it serves. */
  start(): Promise<void>;
  /** Sends a signal to the daemon and waits for its end; returns its exit code. */
  end(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** A VM's port: QEMU's side of a channel. */
  port(vm: string, number: number, options?: { mode?: number }): Port;
  /** Runs the executable under one of its names. */
  run(
    name: "vm-power" | "vmpowerctl",
    ...args: readonly string[]
  ): { code: number; out: string; err: string };
  /** vmpowerctl --json against this daemon. */
  ask(...args: readonly string[]): Record<string, unknown>;
  configure(sections: string): void;
  /** The content of a file below the host's directory; empty if there is none. */
  read(name: string): string;
  remove(): Promise<void>;
}

/** An environment in which the daemon's heart beats every second, as often as this watchdog needs it. */
export const QUICK_BEATS = { NOTIFY_SOCKET: "@vm-power-test-nobody", WATCHDOG_USEC: "2000000" };

/** Makes a host; `sections` are a drop-in to a configuration with its paths. */
export function makeTestHost({
  cpus = DEFAULT_CPUS,
  sections = "",
  env = {},
  openFiles,
}: {
  cpus?: readonly TreeCpus[];
  sections?: string;
  /** The environment of the daemon, besides PATH. */
  env?: Readonly<Record<string, string>>;
  /** The limit of open files. */
  openFiles?: number;
} = {}): TestHost {
  if (!existsSync(EXECUTABLE)) throw new Error(`"${EXECUTABLE}" is missing: make build`);
  const directory = mkdtempSync(join(tmpdir(), "vm-power-test-"));
  const path = (name: string) => join(directory, name);
  const tree = makeCpufreqTree(path("cpu"), cpus);
  mkdirSync(path("channels"));
  const ports: Port[] = [];
  let daemon: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;
  let printed = "";
  mkdirSync(path("vm-power.conf.d"));
  writeFileSync(path("vm-power.conf"), configuration(directory));
  const configure = (added: string) => writeFileSync(path("vm-power.conf.d/test.conf"), added);
  configure(sections);

  const host: TestHost = {
    directory,
    channels: path("channels"),
    tree,
    configFile: path("vm-power.conf"),
    socket: path("run/control.sock"),
    executables: join(EXECUTABLE, ".."),
    log: () => printed,
    async start() {
      const command = [EXECUTABLE, "--config", path("vm-power.conf")];
      const limited = ["sh", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`, ...command];
      const started = Bun.spawn(openFiles === undefined ? command : limited, {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
        env: { PATH: process.env["PATH"] ?? "", ...env },
      });
      daemon = started;
      const from = printed.length;
      void (async () => {
        for await (const chunk of started.stderr) printed += Buffer.from(chunk).toString();
      })();
      await until(() => printed.slice(from).includes("is ready") || started.exitCode !== null, READY_MS);
      if (started.exitCode !== null)
        throw new Error(`The daemon ended with ${started.exitCode}:\n${printed}`);
    },
    async end(signal) {
      daemon?.kill(signal);
      return (await daemon?.exited) ?? -1;
    },
    signal: (signal) => daemon?.kill(signal),
    port(vm, number, options) {
      const port = startPort(join(path("channels"), `${vm}.${number}`), options);
      ports.push(port);
      return port;
    },
    run(name, ...args) {
      const where = name === "vmpowerctl" ? ["--socket", path("run/control.sock")] : [];
      const { exitCode, stdout, stderr } = Bun.spawnSync([join(EXECUTABLE, "..", name), ...where, ...args]);
      return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
    },
    ask(...args) {
      const { code, out, err } = host.run("vmpowerctl", ...args, "--json");
      if (code !== 0) throw new Error(`vmpowerctl ${args.join(" ")} ended with ${code}: ${err}`);
      return JSON.parse(out) as Record<string, unknown>;
    },
    configure,
    read: (name) => (existsSync(path(name)) ? readFileSync(path(name), "utf8") : ""),
    async remove() {
      if (daemon?.exitCode === null) {
        daemon.kill("SIGKILL");
        await daemon.exited;
      }
      for (const port of ports) port.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return host;
}

/** Four CPUs with a clock each, and two that share a clock. */
const DEFAULT_CPUS: readonly TreeCpus[] = [
  { cpus: [0, 1, 2, 3], driver: "acpi-cpufreq", khz: KHZ },
  { cpus: [4, 5], driver: "acpi-cpufreq", khz: KHZ, shared: true },
];

function configuration(directory: string): string {
  return `[daemon]
RuntimeDirectory=${directory}/run
StateDirectory=${directory}/state
[channels]
Directory=${directory}/channels
[cpufreq]
Root=${directory}/cpu
[hypervisor]
Driver=static
`;
}

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCpufreqTree } from "../src/simulate/cpufreq-tree.ts";

/** The daemon that `make build` made. */
export const EXECUTABLE = join(import.meta.dir, "../dist/vm-power");

/** Files in memory: what is measured is the program, not a disk. */
const MEMORY = "/dev/shm";

/** The values that the unit sets for the runtime. */
const UNIT_ENVIRONMENT = Object.fromEntries(
  readFileSync(join(import.meta.dir, "../systemd/vm-power.service"), "utf8")
    .matchAll(/\b((?:BUN|MIMALLOC)_\w+)=(-?\d+)/g)
    .map(([, name, value]) => [name, value]),
);

const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];

/** VMs on a host; vCPU n of VM i is pinned to CPU (i * vcpus + n) % cpus, and has a channel. */
export interface Size {
  readonly cpus: number;
  readonly vms: number;
  readonly vcpus: number;
}

/** A program that can be measured: the bare C program, the same on our runtime, or a daemon's executable. */
export type Target = "floor" | "runtime-floor" | { readonly executable: string };

/** What the load does. */
export type Kind = "fast" | "busy" | "flood" | "rest" | "many";

/** What one run of the load found, by name. */
export type Figures = ReadonlyMap<string, number>;

/** Compiles the C programs, and removes everything in the end. */
export interface Stage {
  /** Runs the load on a fresh host. `last` is its last argument before the command. */
  run(kind: Kind, target: Target, options: RunOptions): Promise<Figures>;
  remove(): void;
}

/** How the load is run. */
export interface RunOptions {
  readonly size: Size;
  /** 1 is the whole length. */
  readonly scale: number;
  readonly idleSeconds: number;
  /** Whether guests may ask as often as contracts allow without a configuration, or as often as they like. */
  readonly isBounded: boolean;
  /** Priority of the measured program. */
  readonly nice: number;
}

export function makeStage(): Stage {
  if (!existsSync(EXECUTABLE)) throw new Error(`"${EXECUTABLE}" is missing: make build`);
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "vm-power-bench-"));
  compile(join(directory, "load"), ["load.c", "guests.c", "neighbours.c", "usage.c"]);
  compile(join(directory, "floor"), ["floor.c"]);
  compileForRuntime(join(directory, "runtime-floor"), "runtime-floor.ts");
  return {
    async run(kind, target, options) {
      const host = join(directory, "host");
      makeHost(host, options.size);
      if (typeof target === "object" && !options.isBounded) liftRates(host, target.executable);
      try {
        return await runLoad(directory, { kind, target, options, host });
      } finally {
        rmSync(host, { recursive: true, force: true });
      }
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function compile(program: string, sources: readonly string[]): void {
  const files = sources.map((source) => join(import.meta.dir, source));
  const { exitCode, stderr } = Bun.spawnSync(["cc", "-O2", "-Wall", "-Wextra", "-o", program, ...files]);
  if (exitCode !== 0) throw new Error(`Cannot compile ${sources.join(" ")}:\n${stderr}`);
}

/** As our own executable is made. */
function compileForRuntime(program: string, source: string): void {
  const command = [process.execPath, "build", "--compile", "--minify", "--outfile", program];
  const { exitCode, stderr } = Bun.spawnSync([...command, join(import.meta.dir, source)]);
  if (exitCode !== 0) throw new Error(`Cannot compile ${source}:\n${stderr}`);
}

function makeHost(host: string, { cpus, vms, vcpus }: Size): void {
  mkdirSync(join(host, "channels"), { recursive: true });
  const numbers = Array.from({ length: cpus }, (_, cpu) => cpu);
  makeCpufreqTree(join(host, "cpu"), [{ cpus: numbers, driver: "acpi-cpufreq", khz: KHZ }]);
  const pins = (vm: number) => Array.from({ length: vcpus }, (_, vcpu) => (vm * vcpus + vcpu) % cpus);
  const map = Array.from({ length: vms }, (_, vm) => `[vm vm${vm}]\nVcpus=${pins(vm).join(",")}\n`);
  writeFileSync(
    join(host, "vm-power.conf"),
    `[daemon]
RuntimeDirectory=${host}/run
StateDirectory=${host}/state
[channels]
Directory=${host}/channels
[cpufreq]
Root=${host}/cpu
[hypervisor]
Driver=static
${map.join("")}`,
  );
}

/**
 * Lifts the limit on what a guest may ask, because what is measured is the daemon. An older one has no such limit, and
 * does not know the keys.
 */
function liftRates(host: string, executable: string): void {
  const file = join(host, "vm-power.conf");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, `${before}[vm *]\nRequestsPerSecond=1000000\nBurst=1000000\n`);
  const { exitCode } = Bun.spawnSync([executable, "--config", file, "--check-config"]);
  if (exitCode !== 0) writeFileSync(file, before);
}

interface Load {
  readonly kind: Kind;
  readonly target: Target;
  readonly options: RunOptions;
  readonly host: string;
}

async function runLoad(directory: string, { kind, target, options, host }: Load): Promise<Figures> {
  const { size, scale, idleSeconds, nice } = options;
  const looksAtFile = kind !== "rest" && kind !== "many";
  const last = looksAtFile ? join(host, "cpu/cpufreq/policy0/scaling_setspeed") : `${idleSeconds}`;
  const command =
    typeof target === "object"
      ? [target.executable, "--config", join(host, "vm-power.conf")]
      : [join(directory, target), join(host, "channels"), join(host, "cpu"), `${size.cpus}`, `${size.vcpus}`];
  // The priority that the daemon gives itself.
  const realtime = target === "runtime-floor" && nice !== 0 ? ["chrt", "--fifo", "1"] : [];
  // To a file: nobody may be woken by what the daemon logs.
  const log = join(host, "log");
  const load = Bun.spawn(
    [
      ...[join(directory, "load"), kind, `${scale}`, join(host, "channels"), `${size.vms}`, `${size.vcpus}`],
      ...[last, "--", ...(nice === 0 ? [] : ["nice", "-n", `${nice}`]), ...realtime, ...command],
    ],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: Bun.file(log),
      env: { PATH: process.env["PATH"] ?? "", ...UNIT_ENVIRONMENT },
    },
  );
  const out = await new Response(load.stdout).text();
  if ((await load.exited) !== 0)
    throw new Error(`The load on ${command[0]} failed:\n${readFileSync(log, "utf8").slice(-2000)}`);
  const pairs = out.trim().split("\n");
  return new Map(pairs.map((line) => line.split(" ")).map(([name = "", value]) => [name, Number(value)]));
}

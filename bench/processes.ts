import { linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawTable } from "../src/terminal/table.ts";
import { makeTestHost } from "../test/daemon/host.ts";

const HELP = `Measures what it costs the built daemon to follow QEMU processes by /proc, beside a daemon that does not look.

usage: bun bench/processes.ts [--quick]
`;

/** Processes of a host, and the vCPUs of each if they are QEMUs. */
const PROCESSES = 500;
const VCPUS = 4;

/** A young process is looked at more often: a host at rest has old ones. */
const SETTLE_MS = 15_000;

/** One scene: the driver, and what the processes are. */
interface Scene {
  readonly figure: string;
  readonly driver: "static" | "qemu";
  readonly program: "other" | "qemu-kvm";
  readonly vcpus: number;
}

const SCENES: readonly Scene[] = [
  { figure: `${PROCESSES} processes, Driver=static`, driver: "static", program: "other", vcpus: 0 },
  {
    figure: `${PROCESSES} processes, none a QEMU, Driver=qemu`,
    driver: "qemu",
    program: "other",
    vcpus: 0,
  },
  {
    figure: `${PROCESSES} QEMUs of ${VCPUS} vCPUs, Driver=qemu`,
    driver: "qemu",
    program: "qemu-kvm",
    vcpus: VCPUS,
  },
];

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (values.help) process.stdout.write(HELP);
else await bench(values.quick ? 10 : 60);

async function bench(seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-bench-"));
  try {
    const program = compile(directory);
    const figures: number[] = [];
    for (const scene of SCENES) figures.push(await measure(scene, { program, directory, seconds }));
    const [base = 0] = figures;
    const rows = SCENES.map(({ figure }, i) => {
      const percent = figures[i] ?? 0;
      return [figure, `${percent.toFixed(3)} %`, base === 0 ? "" : (percent / base).toFixed(1)];
    });
    const columns = [
      { head: "Figure" },
      { head: "of one CPU", align: "right" },
      { head: "Ratio", align: "right" },
    ] as const;
    process.stdout.write(`${drawTable(columns, rows, 120)}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function compile(directory: string): string {
  const program = join(directory, "other");
  const source = join(import.meta.dir, "processes.c");
  const { exitCode, stderr } = Bun.spawnSync(["cc", "-O2", "-pthread", "-o", program, source]);
  if (exitCode !== 0) throw new Error(`cc ended with ${exitCode}: ${stderr}`);
  return program;
}

/** The part of one CPU in per cent that the daemon needs. */
async function measure(
  { driver, program: name, vcpus }: Scene,
  { program, directory, seconds }: { program: string; directory: string; seconds: number },
): Promise<number> {
  if (name !== "other") linkSync(program, join(directory, name));
  const processes = Bun.spawn([join(directory, name), `${PROCESSES}`, `${vcpus}`, "-name", "vm"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const host = makeTestHost({
    sections: `[hypervisor]\nDriver=${driver}\n`,
    env: { BUN_GC_TIMER_DISABLE: "1", MIMALLOC_PURGE_DELAY: "0" },
  });
  try {
    await processes.stdout.getReader().read();
    await host.start();
    await Bun.sleep(SETTLE_MS);
    const { pid, vms } = host.ask("status") as { pid: number; vms: number };
    const expected = name === "other" ? 0 : PROCESSES;
    if (vms !== expected) throw new Error(`The daemon knows ${vms} VMs, not ${expected}`);
    const before = cpuMs(pid);
    await Bun.sleep(seconds * 1000);
    return (cpuMs(pid) - before) / seconds / 10;
  } finally {
    processes.kill("SIGKILL");
    await processes.exited;
    await host.remove();
  }
}

/** The CPU time that a process has used, also by threads that have ended; the kernel counts it in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

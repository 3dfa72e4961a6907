import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { drawTable } from "../src/terminal/table.ts";
import { cells, FAST_ROWS, MANY_ROWS, type Row } from "./rows.ts";
import { type Figures, makeStage, type RunOptions, type Size, type Stage } from "./stage.ts";

const HELP = `Measures the built daemon, and a bare C program that does only what cannot be left out.

usage: bun bench/bench.ts [--quick] [--idle SECONDS] [--nice N] [--only fast|many]

  --quick         shorter, and rougher
  --idle SECONDS  how long to count wake-ups
  --nice N        priority of the measured programs; as root -15, which is what the daemon's unit gives it
  --only KIND     fast: a few busy channels; many: thousands of still ones
`;

/** A CPU and a channel for each VM. */
const FEW: Size = { cpus: 64, vms: 64, vcpus: 1 };

/** A large host with oversubscribed CPUs: 15 or 16 vCPUs share each clock. */
const MANY: Size = { cpus: 256, vms: 500, vcpus: 8 };

/** Above this load other programs are running, and the figures are worse than they should be. */
const QUIET_LOAD = 0.5;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    idle: { type: "string" },
    nice: { type: "string", default: process.getuid?.() === 0 ? "-15" : "0" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await bench();

async function bench(): Promise<void> {
  const stage = makeStage();
  const removed = () => process.exit(130);
  process.on("SIGINT", removed);
  process.on("SIGTERM", removed);
  process.on("exit", () => stage.remove());
  const begun = loadavg()[0] ?? 0;
  const options = { scale: values.quick ? 0.2 : 1, nice: Number(values.nice) };
  const idleSeconds = Number(values.idle ?? (values.quick ? 15 : 60));
  const rows: string[][] = [];
  if (values.only !== "many")
    rows.push(...(await measure(stage, "fast", FAST_ROWS, { ...options, idleSeconds, size: FEW })));
  if (values.only !== "fast")
    rows.push(...(await measure(stage, "many", MANY_ROWS, { ...options, idleSeconds, size: MANY })));
  const columns = [
    { head: "Figure" },
    { head: "vm-power", align: "right" },
    { head: "C floor", align: "right" },
    { head: "Ratio", align: "right" },
    { head: "Aim" },
    { head: "" },
  ] as const;
  process.stdout.write(`\n${drawTable(columns, rows, 120)}\n\n`);
  process.stdout.write(
    `${cpus().length} CPUs (${cpus()[0]?.model}), nice ${values.nice}, load ${begun.toFixed(2)} at the start`,
  );
  process.stdout.write(begun > QUIET_LOAD ? ": the machine is not quiet, so measure again\n" : "\n");
}

/** The floor is measured first, so that the limits of the machine are known. */
async function measure(
  stage: Stage,
  kind: "fast" | "many",
  rows: readonly Row[],
  options: RunOptions,
): Promise<string[][]> {
  const told = { fast: "a few busy channels", many: "thousands of still channels" }[kind];
  process.stderr.write(`${told}: the C floor...\n`);
  const floor: Figures = await stage.run(kind, "floor", { ...options, idleSeconds: 1 });
  process.stderr.write(`${told}: vm-power...\n`);
  const ours = await stage.run(kind, "vm-power", options);
  return rows.map((row) => cells(row, ours, floor));
}

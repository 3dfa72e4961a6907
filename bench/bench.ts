import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { drawTable } from "../src/terminal/table.ts";
import { putIntoReadme } from "./readme.ts";
import {
  BUSY_ROWS,
  cells,
  comparedCells,
  FAST_ROWS,
  FLOOD_ROWS,
  MANY_ROWS,
  medians,
  REST_ROWS,
  type Row,
  UNBOUNDED_FLOOD_ROWS,
} from "./rows.ts";
import {
  EXECUTABLE,
  type Figures,
  type Kind,
  makeStage,
  type RunOptions,
  type Size,
  type Stage,
} from "./stage.ts";

const HELP = `Measures the built daemon, a bare C program that does only what cannot be left out, and the same in TypeScript.

usage: bun bench/bench.ts [--quick] [--idle SECONDS] [--nice N] [--only fast|busy|flood|rest|many] [--baseline EXECUTABLE]

  --quick         shorter, and rougher
  --idle SECONDS  how long to count wake-ups
  --nice N        priority of the measured programs; as root -15, which is what the daemon's unit gives it
  --only KIND     fast: a few busy channels; busy: the same while processes spin on every CPU; flood: one guest floods;
                  rest: one channel at rest; many: thousands of still ones
  --readme        also put the table into README.md
  --baseline FILE an older vm-power: both are run in turn, and the medians and their ratio are printed
  --runs N        how often each of both is run (5)
`;

/** A CPU and a channel for each VM. */
const FEW: Size = { cpus: 64, vms: 64, vcpus: 1 };

/** The least. */
const ONE: Size = { cpus: 64, vms: 1, vcpus: 1 };

/** A large host, oversubscribed: 15 or 16 vCPUs meet on each clock. */
const MANY: Size = { cpus: 256, vms: 500, vcpus: 8 };

/** Above it, somebody else is at work: figures are worse than they should be. */
const QUIET_LOAD = 0.5;

const BESIDE_FLOOR = [
  { head: "Figure" },
  { head: "vm-power", align: "right" },
  { head: "Bun floor", align: "right" },
  { head: "C floor", align: "right" },
  { head: "Ratio", align: "right" },
  { head: "Aim" },
  { head: "" },
] as const;

const BESIDE_OLDER = [
  { head: "Figure" },
  { head: "vm-power", align: "right" },
  { head: "Baseline", align: "right" },
  { head: "Ratio", align: "right" },
] as const;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    idle: { type: "string" },
    nice: { type: "string", default: process.getuid?.() === 0 ? "-15" : "0" },
    only: { type: "string" },
    baseline: { type: "string" },
    runs: { type: "string", default: "5" },
    readme: { type: "boolean", default: false },
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
  const kinds: readonly Scene[] = [
    { kind: "fast", told: "a few busy channels", rows: FAST_ROWS, size: FEW },
    { kind: "busy", told: "busy channels on busy CPUs", rows: BUSY_ROWS, size: FEW },
    { kind: "flood", told: "a guest that floods", rows: FLOOD_ROWS, size: FEW, isBounded: true },
    { kind: "flood", told: "a guest that floods without limits", rows: UNBOUNDED_FLOOD_ROWS, size: FEW },
    { kind: "rest", told: "one channel at rest", rows: REST_ROWS, size: ONE },
    { kind: "many", told: "thousands of still channels", rows: MANY_ROWS, size: MANY },
  ];
  const table: string[][] = [];
  for (const { size, isBounded = false, ...scene } of kinds) {
    if (values.only !== undefined && values.only !== scene.kind) continue;
    const job = { stage, ...scene, options: { ...options, idleSeconds, isBounded, size } };
    table.push(...(values.baseline === undefined ? await measure(job) : await compare(job, values.baseline)));
  }
  const columns = values.baseline === undefined ? BESIDE_FLOOR : BESIDE_OLDER;
  const machine = `${cpus().length} CPUs (${cpus()[0]?.model}), Linux ${release()}`;
  process.stdout.write(`\n${drawTable(columns, table, 120)}\n\n`);
  process.stdout.write(`${machine}, nice ${values.nice}, load ${begun.toFixed(2)} at the start`);
  if (values.readme) putIntoReadme(columns, table, machine);
  process.stdout.write(begun > QUIET_LOAD ? ": the machine is not quiet, so measure again\n" : "\n");
}

/** What is shown by one run of the load. */
interface Scene {
  readonly kind: Kind;
  readonly told: string;
  readonly rows: readonly Row[];
  readonly size: Size;
  /** Whether guests may ask only as often as contracts allow. */
  readonly isBounded?: boolean;
}

/** A scene with how it is measured. */
interface Job extends Omit<Scene, "size" | "isBounded"> {
  readonly stage: Stage;
  readonly options: RunOptions;
}

/** The floors first, so that what the machine can do is known. */
async function measure({ stage, kind, told, rows, options }: Job): Promise<string[][]> {
  process.stderr.write(`${told}: the C floor...\n`);
  const floor: Figures = await stage.run(kind, "floor", { ...options, idleSeconds: 1 });
  process.stderr.write(`${told}: the floor of the runtime...\n`);
  const runtime = await stage.run(kind, "runtime-floor", options);
  process.stderr.write(`${told}: vm-power...\n`);
  const ours = await stage.run(kind, { executable: EXECUTABLE }, options);
  return rows.map((row) => cells(row, ours, { floor, runtime }));
}

/** Runs both daemons in turn, so that a machine that gets slower or faster does so for both. */
async function compare({ stage, kind, told, rows, options }: Job, baseline: string): Promise<string[][]> {
  const [ours, older]: [Figures[], Figures[]] = [[], []];
  const runs = Number(values.runs);
  for (let run = 1; run <= runs; run++) {
    process.stderr.write(`${told}: run ${run} of ${runs} of both...\n`);
    older.push(await stage.run(kind, { executable: baseline }, options));
    ours.push(await stage.run(kind, { executable: EXECUTABLE }, options));
  }
  return rows.map((row) => comparedCells(row, medians(ours), medians(older)));
}

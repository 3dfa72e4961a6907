import { test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { type Collected, collect } from "./collector.ts";
import type { Mutant } from "./mutants.ts";
import { SWITCH, TICK, withSwitches } from "./switches.ts";

// Runs mutants in one process: `bun test ./test/mutants/worker.ts`, with a Task in the file that TASK names. Each test file
// is bundled once, with all changes behind switches. It is loaded anew for each mutant, so that module variables are new as
// well, and only those of its tests run that reach the mutant. The loops of tests are counted too: a change of the sources
// may make one endless.

/** What the worker is to do. */
export interface Task {
  readonly root: string;
  readonly tests: readonly string[];
  readonly mutants: readonly Mutant[];
  /** The mutants to run: all of them are in the sources. */
  readonly ids: readonly number[];
  /** Outcomes are appended here, one a line. */
  readonly results: string;
}

/** What became of a mutant. */
export interface Outcome {
  readonly id: number;
  /** The test that failed; undefined where none did. */
  readonly by?: string;
  /** How many tests reach it. */
  readonly tests: number;
}

/** Outcomes of no mutant: all tests have run without a change, of which one fails. */
export const READY = 0;
export const FAILS = -1;

const later = setTimeout;
/** Loops may turn ten times as often as without a change, and this often. */
const TURNS_MIN = 200_000;
const TIME_MIN_MS = 3_000;
const SETTLE_MS = 5;
/** Longer tests run after all others: most mutants are noticed by a short one. */
const LONG_MS = 50;

/** A test file, ready to be loaded, and what its tests reach. */
interface Suite {
  readonly file: string;
  readonly load: () => Collected;
  /** Mutants that are reached while it is loaded: they concern all its tests. */
  readonly atLoad: Set<number>;
  readonly tests: {
    readonly index: number;
    readonly reached: Set<number>;
    readonly ms: number;
    readonly turns: number;
  }[];
}

let active = 0;
let reached: Set<number> | undefined;
let turns = 0;
let turnsMax = Number.POSITIVE_INFINITY;
let escaped: unknown;

function isOn(id: number): boolean {
  reached?.add(id);
  return id === active;
}

function tick(): void {
  if (++turns > turnsMax) throw new Error("A loop does not end");
}

async function makeSuite(task: Task, file: string): Promise<Suite> {
  const { root, mutants } = task;
  const built = await Bun.build({
    entrypoints: [join(root, file)],
    format: "cjs",
    target: "bun",
    packages: "external",
    plugins: [switches(root, mutants)],
  });
  const code = await built.outputs[0]?.text();
  if (!built.success || code === undefined)
    throw new Error(`Cannot bundle "${file}": ${built.logs.join("\n")}`);
  const foreign = createRequire(join(root, file));
  const make = new Function(SWITCH, TICK, `return (${code.slice(code.indexOf("\n"))})`);
  const load = () =>
    collect((bunTest) => {
      const resolve = (name: string) => (name === "bun:test" ? bunTest : foreign(name));
      make(isOn, tick)({}, resolve, { exports: {} }, join(root, file), dirname(join(root, file)));
    });
  return { file, load, atLoad: new Set(), tests: [] };
}

/** Runs every test without a change, to know what it reaches. One that fails judges nothing. */
async function look(suite: Suite, task: Task): Promise<void> {
  reached = suite.atLoad;
  const { cases, end } = suite.load();
  for (const [index, each] of cases.entries()) {
    reached = new Set();
    turns = 0;
    const from = performance.now();
    const why = await attempt(() => each.run(), 60_000);
    if (why === undefined) suite.tests.push({ index, reached, turns, ms: performance.now() - from });
    else tell(task, { id: FAILS, by: `${suite.file}: "${each.name}" (${why})`, tests: 0 });
  }
  reached = undefined;
  await end();
  // An empty line says that the worker has not hung.
  appendFileSync(task.results, "\n");
}

async function judge(id: number, suites: Suite[]): Promise<Outcome> {
  let tests = 0;
  for (const isLong of [false, true])
    for (const suite of [...suites]) {
      const isStatic = suite.atLoad.has(id);
      const chosen = suite.tests
        .filter(({ ms, reached }) => ms > LONG_MS === isLong && (isStatic || reached.has(id)))
        .sort((a, b) => a.ms - b.ms);
      if (chosen.length === 0) continue;
      tests += chosen.length;
      const by = await firstFailure(id, suite, chosen);
      if (by === undefined) continue;
      // What the failed test left under way must not fail the next one.
      await Bun.sleep(SETTLE_MS);
      // The next mutant is often beside this one.
      suites.unshift(...suites.splice(suites.indexOf(suite), 1));
      return { id, by: `${suite.file}: ${by}`, tests };
    }
  return { id, tests };
}

async function firstFailure(id: number, suite: Suite, chosen: Suite["tests"]): Promise<string | undefined> {
  active = id;
  turns = 0;
  turnsMax = TURNS_MIN;
  let collected: Collected;
  try {
    collected = suite.load();
  } catch {
    return "does not load";
  }
  try {
    for (const { index, ms, turns: usual } of chosen) {
      turns = 0;
      turnsMax = 10 * usual + TURNS_MIN;
      const each = collected.cases[index];
      if (each === undefined) return "makes fewer tests";
      if ((await attempt(() => each.run(), 10 * ms + TIME_MIN_MS)) !== undefined) return each.name;
    }
    return undefined;
  } finally {
    active = 0;
    turnsMax = Number.POSITIVE_INFINITY;
    await attempt(() => collected.end(), TIME_MIN_MS);
  }
}

/** Why something failed; undefined if it did not. */
async function attempt(run: () => Promise<void>, limitMs: number): Promise<unknown> {
  let timer: Timer | undefined;
  escaped = undefined;
  const over = new Promise<string>((resolve) => {
    timer = later(() => resolve("takes too long"), limitMs);
  });
  try {
    return (await Promise.race([run(), over])) ?? escaped;
  } catch (error) {
    return error ?? "fails";
  } finally {
    clearTimeout(timer);
  }
}

function switches(root: string, mutants: readonly Mutant[]): Bun.BunPlugin {
  return {
    name: "switches",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = mutants.filter(({ file }) => join(root, file) === path);
        const contents = withSwitches(path, await Bun.file(path).text(), own);
        return {
          contents: contents.replaceAll("import.meta.dir", JSON.stringify(dirname(path))),
          loader: "ts",
        };
      });
    },
  };
}

function tell({ results }: Task, outcome: Outcome): void {
  appendFileSync(results, `${JSON.stringify(outcome)}\n`);
}

const taskFile = process.env["TASK"];
if (taskFile !== undefined) {
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (error: unknown) => (escaped ??= error ?? event));
  // A counterexample is enough; the smallest one takes long.
  fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
  test(
    "mutants",
    async () => {
      const task: Task = JSON.parse(readFileSync(taskFile, "utf8"));
      const suites: Suite[] = [];
      for (const file of task.tests) suites.push(await makeSuite(task, file));
      for (const suite of suites) await look(suite, task);
      const cost = ({ tests }: Suite) => tests.reduce((sum, { ms }) => sum + ms, 0);
      suites.sort((a, b) => cost(a) - cost(b));
      tell(task, { id: READY, tests: suites.reduce((sum, { tests }) => sum + tests.length, 0) });
      for (const id of task.ids) tell(task, await judge(id, suites));
    },
    2 ** 31 - 1,
  );
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAILS, type Outcome, READY, type Task } from "./worker.ts";

/** A worker that tells nothing for so long hangs in the mutant that it runs. */
const SILENCE_MAX_MS = 45_000;

/**
 * Runs some of the mutants of a tree, one after the other, in a worker. A mutant that ends the worker, or hangs it, is killed;
 * the next worker goes on behind it. Those left at `untilMs` (of `Date.now()`) have no outcome. Throws if the tests of the
 * tree do not even load.
 */
export async function outcomesOf(
  { root, tests, mutants }: Pick<Task, "root" | "tests" | "mutants">,
  ids: readonly number[],
  untilMs = Number.POSITIVE_INFINITY,
): Promise<ReadonlyMap<number, Outcome>> {
  const results = join(root, "mutants.results");
  const found = new Map<number, Outcome>();
  let left = [...ids];
  while (left.length > 0) {
    writeFileSync(results, "");
    const task: Task = { root, tests, mutants, ids: left, results };
    writeFileSync(join(root, "mutants.task"), JSON.stringify(task));
    const said = await work(root, results, untilMs);
    for (const line of readFileSync(results, "utf8").split("\n").filter(Boolean)) {
      const outcome: Outcome = JSON.parse(line);
      if (outcome.id === FAILS) console.log(`${outcome.by} fails without a change, and judges nothing`);
      else found.set(outcome.id, outcome);
    }
    const isReady = found.delete(READY);
    if (Date.now() >= untilMs) break;
    if (!isReady) throw new Error(`Cannot run the tests without a change: ${said}`);
    const rest = left.filter((id) => !found.has(id));
    const [culprit] = rest;
    if (culprit === undefined) break;
    found.set(culprit, { id: culprit, by: "the process of the tests ended or hung", tests: 1 });
    left = rest.slice(1);
  }
  return found;
}

/** Runs a worker; returns what it told on its way. */
async function work(root: string, results: string, untilMs: number): Promise<string> {
  const command = [process.execPath, "test", join(import.meta.dir, "worker.ts")];
  const said = Bun.file(join(root, "mutants.said"));
  const child = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, CI: "1", TASK: join(root, "mutants.task") },
    stdio: ["ignore", "ignore", said],
  });
  let size = 0;
  let silentSince = performance.now();
  const watch = setInterval(() => {
    const now = Bun.file(results).size;
    if (now !== size) silentSince = performance.now();
    size = now;
    const isSilent = performance.now() - silentSince > SILENCE_MAX_MS;
    if (isSilent || Date.now() >= untilMs) child.kill("SIGKILL");
  }, 1000);
  await child.exited;
  clearInterval(watch);
  return said.text();
}

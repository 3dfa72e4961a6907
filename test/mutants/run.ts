import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../fuzz/random.ts";
import { EQUIVALENT } from "./equivalent.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { outcomesOf } from "./outcomes.ts";
import { type Room, roomsOf } from "./scope.ts";
import type { Outcome } from "./worker.ts";

// `make mutants`: changes the sources in small ways, and tells which changes no test notices. FILES="arbiter/want wire" for some
// files, SAMPLE=100 for so many mutants, SEED=7 for others, SECONDS=180 to leave out what takes longer.

const ROOT = join(import.meta.dir, "../..");
const COPIED = ["src", "test", "etc", "man", "packaging", "package.json", "tsconfig.json", "bunfig.toml"];

/** A copy of what the tests need, so that nothing of the project's own tree is ever changed. */
function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "vm-power-mutants-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  for (const name of ["node_modules", ".tools", "dist"])
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(copy, name));
  return copy;
}

function sample(ids: readonly number[], count: number, random: Random): number[] {
  const left = [...ids];
  const taken: number[] = [];
  while (taken.length < count && left.length > 0) taken.push(...left.splice(random.below(left.length), 1));
  return taken.sort((a, b) => a - b);
}

function isEquivalent(mutant: Mutant): boolean {
  return EQUIVALENT.some(
    ({ file, line, changes }) =>
      file === mutant.file && line === mutant.line && changes.includes(mutant.change),
  );
}

async function main(): Promise<void> {
  const words = (process.env["FILES"] ?? "").split(/\s+/).filter(Boolean);
  const random = new Random(Number(process.env["SEED"] || 1));
  const seconds = Number(process.env["SECONDS"] || Number.POSITIVE_INFINITY);
  const untilMs = Date.now() + 1000 * seconds;
  const rooms = roomsOf(ROOT, words);
  if (rooms.length === 0) console.log("No mutants are made of these files");
  const copy = makeCopy();
  let failed = 0;
  try {
    for (const room of rooms) {
      const mutants = mutantsOf(copy, room.files);
      const all = mutants.map(({ id }) => id);
      const count = Number(process.env["SAMPLE"] || 0);
      const ids = count > 0 ? sample(all, count, random) : all;
      const task = { root: copy, tests: room.tests, mutants };
      const found = await outcomesOf(task, ids, untilMs);
      failed += report(room, mutants, found);
      for (const file of room.files) {
        const left = mutants.filter(
          (each) => each.file === file && ids.includes(each.id) && !found.has(each.id),
        );
        if (left.length > 0) console.log(`${file}: ${left.length} mutants left out after ${seconds} s`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Prints the result of a room; returns how many mutants survived, or are wrongly listed as equivalent. */
function report(room: Room, mutants: readonly Mutant[], found: ReadonlyMap<number, Outcome>): number {
  const tried = mutants.filter(({ id }) => found.has(id));
  const isKilled = ({ id }: Mutant) => found.get(id)?.by !== undefined;
  const wrong = tried.filter((each) => isKilled(each) === isEquivalent(each));
  for (const file of room.files) {
    const own = tried.filter((each) => each.file === file);
    const listed = own.filter((each) => wrong.includes(each));
    if (listed.length > 0) console.log(`\n${file}: ${listed.length} of ${own.length} survived`);
    for (const { id, place, line, change } of listed) {
      const { by, tests } = found.get(id) as Outcome;
      const note =
        by !== undefined
          ? `listed as equivalent, but noticed by ${by}`
          : tests === 0
            ? "no test reaches it"
            : "";
      console.log(`  ${place.padEnd(7)} ${change}   ${note}\n          ${line}`);
    }
  }
  if (tried.length === 0) return 0;
  const equivalent = tried.filter(isEquivalent).length;
  const counted = tried.length - equivalent;
  const share = ((100 * (counted - wrong.length)) / Math.max(1, counted)).toFixed(1);
  console.log(
    `\n${room.name}: ${share} % killed, ${wrong.length} of ${counted} survived, ${equivalent} equivalent`,
  );
  return wrong.length;
}

await main();

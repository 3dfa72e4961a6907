import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { CORPUS } from "./corpus.ts";
import { type Course, drive, type Outcome } from "./drive.ts";
import { faultNamed } from "./faults.ts";
import { link } from "./machine/link.ts";
import { largeProfile, longProfile } from "./profile.ts";
import { catchRejections } from "./rejections.ts";
import { asHappened, planned } from "./replay.ts";
import { LONG_PACE } from "./schedule.ts";
import { shrink } from "./shrink.ts";
import { Tally } from "./tally.ts";

// `make world SEED=… DAYS=…`: one world, or with SEEDS=N that many from SEED on. `make world-long`: until it is stopped.

const {
  CORPUS: REPLAY,
  SEED = "1",
  DAYS = "0.1",
  SEEDS = "1",
  LONG,
  FAULT,
  LARGE,
  TRACE,
  THOROUGH,
  SHRINK_SECONDS = "60",
} = process.env;
const DAY_MS = 86_400_000;

/** From so many days on, a world goes at a pace for long times. */
const LONG_DAYS = 3;

/** After so many calms a run must have met every kind and every state. */
const THOROUGH_CALMS = 200;

/** Where `make world-long` keeps what it finds. */
const KEPT = "dist/world-failures.txt";

/** Where the last lines of the trace of a failing long world go: it takes too long to run it once more. */
const LAST = "dist/world-last";

// With a fault of faults.ts planted, a failing world prints a corpus entry for it.
const linked = await link(FAULT === undefined ? undefined : faultNamed(FAULT));
const tally = new Tally();
const rejected = catchRejections();
const isLong = Number(DAYS) >= LONG_DAYS;
const first = Number(SEED);
const last = LONG === undefined ? first + Number(SEEDS) : Number.POSITIVE_INFINITY;
let failures = 0;
for (const { seed, untilMs, happened } of REPLAY === undefined ? [] : CORPUS)
  await judge({ seed, untilMs, linked, plan: happened.map(planned) });
for (let seed = first; seed < last; seed++) {
  await judge({
    seed,
    untilMs: Number(DAYS) * DAY_MS,
    linked,
    pace: isLong ? LONG_PACE : undefined,
    profile: LARGE !== undefined ? largeProfile : isLong ? longProfile : undefined,
    print: TRACE === undefined ? undefined : (line) => process.stdout.write(`${line}\n`),
  });
}
process.stdout.write(`${tally.text()}\n`);
const missing = tally.missing();
if (missing.length > 0) process.stdout.write(`Never struck, or never entered: ${missing.join(", ")}\n`);
process.stdout.write(`${tally.runs - failures} passed, ${failures} failed\n`);
// A short run cannot meet everything; one that should must say so.
const isThorough = THOROUGH !== undefined || tally.calms >= THOROUGH_CALMS;
process.exitCode = failures > 0 || (isThorough && missing.length > 0) ? 1 : 0;

async function judge(course: Course): Promise<void> {
  const outcome = drive(course);
  // Errors that nobody caught are reported in the next turn of the real event loop.
  await Bun.sleep(0);
  tally.add(outcome);
  process.stdout.write(`seed ${course.seed}: hash ${outcome.hash}\n`);
  if (outcome.violation === undefined && rejected.length === 0) return;
  failures++;
  report(course, outcome);
}

function report(course: Course, outcome: Outcome): void {
  const { violation } = outcome;
  const why = violation ?? { invariant: "nothing-left", why: rejected.splice(0).join("; "), atMs: 0 };
  process.stdout.write(`seed ${course.seed}: ${why.invariant} does not hold at ${why.atMs} ms: ${why.why}\n`);
  if (violation === undefined) return;
  if (isLong) keepLast(course.seed, outcome);
  if (SHRINK_SECONDS === "0") return;
  const plan = shrink(course, outcome, Number(SHRINK_SECONDS) * 1000);
  const lines: string[] = [];
  const untilMs = Math.ceil(violation.atMs) + 1;
  drive({ ...course, untilMs, plan, print: (line) => lines.push(line) });
  const told = lines.filter((line) => line.includes(" happens ")).join("\n");
  const kept = JSON.stringify({
    seed: course.seed,
    untilMs,
    found: why.why,
    fault: FAULT ?? "",
    happened: plan.map(asHappened),
  });
  process.stdout.write(`${plan.length} of ${outcome.happened.length} happenings are enough:\n${told}\n`);
  process.stdout.write(`For corpus.ts:\n${kept}\n`);
  if (LONG !== undefined) appendFileSync(KEPT, `${kept}\n`);
}

function keepLast(seed: number, { lastLines }: Outcome): void {
  const path = `${LAST}-${seed}.txt`;
  mkdirSync("dist", { recursive: true });
  writeFileSync(path, `${lastLines.join("\n")}\n`);
  process.stdout.write(`The last ${lastLines.length} lines of the trace are in ${path}\n`);
}

import { CORPUS } from "./corpus.ts";
import { drive } from "./drive.ts";
import { WORLD_FAULTS, type WorldFault } from "./faults.ts";
import { link } from "./machine/link.ts";
import { catchRejections } from "./rejections.ts";
import { planned } from "./replay.ts";
import { CALM_PACE } from "./schedule.ts";

// `make world-faults`: plants each fault and looks for it, with the seeds from 1 on, for a minute of CPU at most: with odd
// ones at the usual pace, with even ones mostly in calm weather. What the corpus keeps of it must fail too.

const CPU_MS = 60_000;
const UNTIL_MS = 0.02 * 86_400_000;
const CALM_UNTIL_MS = 0.03 * 86_400_000;

const rejected = catchRejections();
const words = process.argv.slice(2);
const chosen = WORLD_FAULTS.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const sound = await link();
let missed = 0;
for (const fault of chosen) {
  const found = await hunt(fault);
  if (found.startsWith("MISSED")) missed++;
  process.stdout.write(`${found.padEnd(60)} ${fault.name}\n`);
}
process.stdout.write(`${chosen.length - missed} passed, ${missed} failed\n`);
process.exitCode = missed === 0 ? 0 : 1;

async function hunt(fault: WorldFault): Promise<string> {
  const linked = await link(fault);
  const kept = CORPUS.filter((each) => each.fault === fault.name);
  for (const { seed, untilMs, happened } of kept)
    if (drive({ seed, untilMs, linked, plan: happened.map(planned) }).violation === undefined)
      return `MISSED by the corpus's entry with seed ${seed}`;
  let spentMs = 0;
  for (let seed = 1; spentMs < CPU_MS; seed++) {
    const course =
      seed % 2 === 0 ? { seed, untilMs: CALM_UNTIL_MS, pace: CALM_PACE } : { seed, untilMs: UNTIL_MS };
    const { violation, cpuMs } = drive({ ...course, linked, cpuMs: CPU_MS - spentMs });
    spentMs += cpuMs;
    await Bun.sleep(0);
    const invariant = violation?.invariant ?? (rejected.splice(0).length > 0 ? "nothing-left" : undefined);
    rejected.splice(0);
    if (invariant === undefined) continue;
    // What fails without the fault too proves nothing about it.
    if (drive({ ...course, linked: sound }).violation === undefined)
      return `found by ${invariant} with seed ${seed} after ${(spentMs / 1000).toFixed(1)} s`;
  }
  if (kept.length > 0)
    return `found by the corpus alone, with seed ${kept.map(({ seed }) => seed).join(", ")}`;
  return `MISSED in ${(spentMs / 1000).toFixed(0)} s`;
}

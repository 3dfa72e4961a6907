import { readFileSync } from "node:fs";
import { join } from "node:path";

// Reads what a lab host printed, compares what it says must have reached the hardware with what did, and prints all of
// it: judge.ts OUT. The host writes the results; the witness files are written outside of it.

/** Bytes from here up are marks: the current place in the scenarios. */
const MARK_FIRST = 0x80;

const [out = "."] = process.argv.slice(2);
const lines = readFileSync(join(out, "results"), "latin1").split(/\r?\n/);
let passed = 0;
let failed = 0;

for (const line of lines) {
  if (line.startsWith("ok ")) passed++;
  else if (line.startsWith("not ok ")) failed++;
  if (line.startsWith("witness ")) judge(line);
  else if (line.trim() !== "") console.log(line);
}
if (!lines.includes("finished")) {
  failed++;
  console.log("not ok the host did not finish; the end of its console:");
  console.log(readFileSync(join(out, "console"), "latin1").split("\n").slice(-20).join("\n"));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** "witness MARK CPU BYTES : NAME", where BYTES may be "ends BYTES": earlier bytes are not compared. */
function judge(line: string): void {
  const [, mark, cpu, expected, name] = /^witness (\d+) (\d+) (.*?) : (.*)$/.exec(line) ?? [];
  const seen = segment(readFileSync(join(out, `witness.${cpu}`)), Number(mark));
  const ending = expected?.startsWith("ends ") ? ` ${expected.slice("ends ".length)}` : undefined;
  if (ending === undefined ? seen === expected : ` ${seen}`.endsWith(ending)) {
    passed++;
    console.log(`ok witness of CPU ${cpu}: ${name} (${seen.length > 60 ? `… ${seen.slice(-60)}` : seen})`);
  } else {
    failed++;
    console.log(`not ok witness of CPU ${cpu}: ${name}: expected ${expected}, saw ${seen}`);
  }
}

/** The bytes that were seen between a mark and the next one. */
function segment(bytes: Uint8Array, mark: number): string {
  const from = bytes.indexOf(mark);
  if (from < 0) return `no mark ${mark}`;
  const rest = bytes.subarray(from + 1);
  const length = rest.findIndex((byte) => byte >= MARK_FIRST);
  const seen = [...rest.subarray(0, length < 0 ? undefined : length)];
  return seen.length === 0 ? "nothing" : seen.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

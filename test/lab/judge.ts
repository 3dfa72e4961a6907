import { readFileSync } from "node:fs";
import { join } from "node:path";

// Reads what a lab host printed, compares what it says must have reached the hardware with what did, and prints all of
// it: judge.ts OUT. The host writes the results; the witness files are written outside of it.

/** Bytes from here up are marks: the current place in the scenarios. */
const MARK_FIRST = 0x80;

/** Of the metered host's table: watts without any CPU, and of a CPU in each of its P-states. */
const HOST_WATTS = 5;
const STATE_WATTS = [20, 18, 14, 10.5, 7.5, 6];
const MARK_PORT = 7;
const JOULES_ERROR_MAX = 0.02;

const [out = "."] = process.argv.slice(2);
const lines = readFileSync(join(out, "results"), "latin1").split(/\r?\n/);
let passed = 0;
let failed = 0;

for (const line of lines) {
  if (line.startsWith("ok ")) passed++;
  else if (line.startsWith("not ok ")) failed++;
  if (line.startsWith("witness ")) judge(line);
  else if (line.startsWith("joules ")) judgeJoules(line);
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

/**
 * "joules MARK WRITTEN FROM JOULES TO JOULES : NAME": what the account told at two times of the host in ms, beside what the
 * trace says was drawn between them. The mark was written at a time of the host in seconds.
 */
function judgeJoules(line: string): void {
  const [, numbers = "", name] = /^joules ([\d. ]+) : (.*)$/.exec(line) ?? [];
  const [mark = 0, writtenS = 0, fromMs = 0, before = 0, toMs = 0, after = 0] = numbers
    .split(" ")
    .map(Number);
  const writes = readTrace();
  const seen = writes.find(({ cpu, value }) => cpu === MARK_PORT && value === mark);
  const aheadS = (seen?.atS ?? Number.NaN) - writtenS;
  const drawn = joulesBetween(writes, fromMs / 1000 + aheadS, toMs / 1000 + aheadS);
  const told = after - before;
  const error = told / drawn - 1;
  const isRight = Math.abs(error) <= JOULES_ERROR_MAX;
  if (isRight) passed++;
  else failed++;
  const figures = `${told.toFixed(1)} J told, ${drawn.toFixed(1)} J drawn, ${(100 * error).toFixed(2)} %`;
  console.log(`${isRight ? "ok" : "not ok"} joules: ${name} (${figures})`);
}

/** One write to a port of the metered host, in the emulator's time. */
interface PortWrite {
  readonly atS: number;
  /** The CPU whose P-state it is; 7 is for marks. */
  readonly cpu: number;
  readonly value: number;
}

function readTrace(): PortWrite[] {
  const writes = readFileSync(join(out, "trace"), "latin1").matchAll(
    /^\d+@(\d+\.\d+):ne2000_ioport_write .*?addr=0x0*([89a-f]) val=0x([0-9a-f]+)$/gm,
  );
  return [...writes].map(([, at = "", port = "", value = ""]) => ({
    atS: Number(at),
    cpu: Number.parseInt(port, 16) - 8,
    value: Number.parseInt(value, 16),
  }));
}

/** Integrates the power of the table over a time of the trace. */
function joulesBetween(writes: readonly PortWrite[], fromS: number, toS: number): number {
  const states = [0, 0, 0, 0];
  let joules = 0;
  let lastS = fromS;
  for (const { atS, cpu, value } of [...writes, { atS: toS, cpu: MARK_PORT, value: 0 }]) {
    const nowS = Math.min(Math.max(atS, fromS), toS);
    const watts = states.reduce((sum, state) => sum + (STATE_WATTS[state] ?? 0), HOST_WATTS);
    joules += watts * (nowS - lastS);
    lastS = nowS;
    if (cpu < states.length) states[cpu] = value & 0xf;
  }
  return joules;
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

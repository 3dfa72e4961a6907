import { expect, test } from "bun:test";
import { join } from "node:path";

const REALTIME = join(import.meta.dir, "../../src/os/realtime.ts");

/** Changes a process of its own, and reads from `/proc/PID/task` (proc(5)) what the kernel holds of each thread. */
const PROGRAM = `
import { becomeOrdinary, becomeRealtime } from ${JSON.stringify(REALTIME)};
import { readdirSync, readFileSync } from "node:fs";
// The fields "rt_priority" and "policy" of stat are the 40th and the 41st; the second may contain blanks.
const schedules = () => [...new Set(readdirSync("/proc/self/task").map((thread) => {
  const fields = readFileSync("/proc/self/task/" + thread + "/stat", "utf8").replace(/^.*\\) /, "").split(" ");
  return fields[38] + ":" + fields[37];
}))];
const said = [becomeRealtime(), schedules(), becomeOrdinary(), schedules()];
console.log(JSON.stringify(said));
`;

const FIFO_1 = "1:1";
const OTHER = "0:0";

/** Runs the program, as an ordinary user if one is given. */
function run(user?: string) {
  const as = user === undefined ? [] : ["setpriv", `--reuid=${user}`, "--clear-groups"];
  const { stdout, stderr } = Bun.spawnSync([...as, process.execPath, "-e", PROGRAM]);
  return stdout.length > 0 ? JSON.parse(stdout.toString()) : stderr.toString();
}

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  "every thread gets the lowest realtime priority, and gives it back (skipped: not root)",
  () => {
    expect(run()).toEqual([true, [FIFO_1], true, [OTHER]]);
  },
);

test.skipIf(!isRoot)(
  "without a right to it the kernel refuses, and nothing changes (skipped: not root)",
  () => {
    expect(run("65534")).toEqual([false, [OTHER], true, [OTHER]]);
  },
);

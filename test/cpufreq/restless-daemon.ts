// Changes clocks in an endless loop; the test kills it at a random moment.
import type { Setting } from "../../src/base/clock.ts";
import { openCpufreq } from "../../src/cpufreq/linux/open.ts";

const [root = "", journalDirectory = ""] = process.argv.slice(2);
const nothing = () => undefined;
const log = { error: nothing, warning: nothing, notice: nothing, info: nothing, debug: nothing };
const cpufreq = openCpufreq(
  { root, journalDirectory, managed: "all", onExit: "restore", onDrift: "yield", log },
  { clocksChanged: nothing, drift: nothing },
);
const settings: Setting[] = [1, 3, "baseline", 0, 2, "baseline"];
for (let turn = 0; ; turn++) {
  for (const { id } of cpufreq.clocks()) cpufreq.apply({ clock: id, setting: settings[turn % 6] as Setting });
  if (turn === 1) console.log("begun");
}

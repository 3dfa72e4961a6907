import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCpufreqTree } from "../../src/simulate/cpufreq-tree.ts";

// The host of a lab machine that is a guest itself: outside.ts EXECUTABLE OUT
// CPUs of plain files, and the packaged daemon, which finds the guest's ports in OUT/channels. What happens to CPU N is
// appended to OUT/witness.N, in the bytes that a host of the lab would send to its hardware.

/** As the lab's ACPI table has them. */
const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];
const CPUS = [0, 1];
/** In place of a state: the CPU has its original settings. */
const AS_FOUND = 0xf;

const [executable = "vm-power", out = "."] = process.argv.slice(2);
const place = mkdtempSync(join(tmpdir(), "vm-power-lab-"));
mkdirSync(join(out, "channels"), { recursive: true });
const tree = makeCpufreqTree(join(place, "cpu"), [{ cpus: CPUS, driver: "acpi-cpufreq", khz: KHZ }]);
writeFileSync(
  join(place, "vm-power.conf"),
  `[daemon]
RuntimeDirectory=${place}/run
StateDirectory=${place}/state
[channels]
Directory=${out}/channels
[cpufreq]
Root=${place}/cpu
[hypervisor]
Driver=static
[vm lab]
Vcpus=${CPUS}
Query=yes
`,
);
const daemon = Bun.spawn([executable, "--config", join(place, "vm-power.conf")], {
  stdin: "ignore",
  stdout: "ignore",
  stderr: Bun.file(join(out, "host.log")),
});

/** The last state that was seen of each CPU. */
const last = CPUS.map(() => AS_FOUND);
function look(): void {
  for (const cpu of CPUS) {
    const held = tree.read(cpu, "scaling_governor") === "userspace";
    const state = held ? KHZ.indexOf(Number(tree.read(cpu, "scaling_setspeed"))) : AS_FOUND;
    // Between the change of the governor and the first speed there is no state.
    if (state < 0 || state === last[cpu]) continue;
    last[cpu] = state;
    appendFileSync(join(out, `witness.${cpu}`), Uint8Array.of((cpu << 4) | state));
  }
}

const timer = setInterval(look, 1);
process.once("SIGTERM", async () => {
  clearInterval(timer);
  daemon.kill("SIGTERM");
  process.exitCode = await daemon.exited;
  rmSync(place, { recursive: true, force: true });
});

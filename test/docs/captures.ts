import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startSimulator } from "../cockpit/simulator.ts";

// Puts what an operator sees into README.md: starts the simulator, types commands into a terminal of 80 x 24, and writes
// what stands there between the marks "<!-- capture: COMMAND -->" and "<!-- end -->". Needs tmux.

const ROOT = join(import.meta.dir, "../..");
const README = join(ROOT, "README.md");
/** Far more than the time of a packet, and far less than that of the first ones. */
const P99_SETTLED_US = 500;
/**
 * The number of VMs with a measurement at that moment. Simulated guests send few requests, and one packet in eight is
 * measured.
 */
const MEASURED_MIN = 2;
const SESSION = `vm-power-captures-${process.pid}`;

const { socket, stop } = await startSimulator();
try {
  await settled(socket);
  tmux("new-session", "-d", "-x", "80", "-y", "24", "-s", SESSION, "env", "PS1=", "NO_COLOR=1", "sh");
  const text = readFileSync(README, "utf8").replace(
    /(<!-- capture: (.+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_all, begin: string, command: string, end: string) =>
      `${begin}\`\`\`\n$ vmpowerctl ${command}\n${capture(command, socket)}\n\`\`\`\n${end}`,
  );
  writeFileSync(README, text);
} finally {
  await stop();
  Bun.spawnSync(["tmux", "kill-session", "-t", SESSION]);
}

/**
 * Waits until all guests have sent requests, and until their first packets, which include compilation, are no longer
 * counted.
 */
async function settled(socket: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    await Bun.sleep(1000);
    const { stdout } = Bun.spawnSync([
      join(ROOT, "dist/vmpowerctl"),
      "--socket",
      socket,
      "--json",
      "top",
      "--once",
    ]);
    // The output is an error message until the daemon listens.
    const { vms = [] } = JSON.parse(stdout.toString()) as { vms?: readonly { readonly p99Us?: number }[] };
    const p99s = vms.flatMap(({ p99Us }) => p99Us ?? []);
    if (p99s.length >= MEASURED_MIN && p99s.every((p99Us) => p99Us < P99_SETTLED_US)) return;
  }
}

function capture(command: string, socket: string): string {
  tmux(
    "send-keys",
    "-t",
    SESSION,
    `clear; ${join(ROOT, "dist/vmpowerctl")} --socket ${socket} ${command}`,
    "Enter",
  );
  Bun.sleepSync(3000);
  const shown = tmux("capture-pane", "-p", "-t", SESSION).trimEnd();
  // The directory has another name each time, which is replaced by one of the same length.
  return shown.replaceAll(/vm-power-\w{6}\b/g, "vm-power-sample");
}

function tmux(...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["tmux", ...args]);
  if (exitCode !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
  return stdout.toString();
}

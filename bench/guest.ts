import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openPower } from "../src/guest/library/power.ts";
import { drawTable } from "../src/terminal/table.ts";
import { terminalPorts } from "../test/guest/terminal-ports.ts";

const HELP = `Measures what the guest's side costs a guest: the built agent at rest, and a request of the library.

usage: bun bench/guest.ts [--quick]
`;

const EXECUTABLE = join(import.meta.dir, "../dist/vm-power-guest");

/** The values that the unit sets. */
const UNIT_ENVIRONMENT = Object.fromEntries(
  /^Environment=(.*)$/m
    .exec(readFileSync(join(import.meta.dir, "../packaging/guest/vm-power-guest.service"), "utf8"))?.[1]
    ?.split(" ")
    .map((each) => each.split("=") as [string, string]) ?? [],
);

/** The figures of the agent settle only after its start. */
const SETTLE_MS = 3000;

/** One request after the other. */
const REQUESTS = 500;

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (values.help) process.stdout.write(HELP);
else await bench(values.quick ? 10 : 60);

async function bench(seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-bench-"));
  const ports = terminalPorts();
  const acknowledge = (packet: Uint8Array) => (packet[12] === 1 ? [packet] : []);
  for (const port of [0, 1]) ports.add(`virtio.serial.port.poweragent.${port}`, acknowledge);
  try {
    const latency = await measureRequests(ports.directory);
    const command = await measureCommand(ports.directory);
    const agent = await measureAgent(ports.directory, directory, seconds);
    const columns = [{ head: "Figure" }, { head: "", align: "right" }] as const;
    process.stdout.write(`${drawTable(columns, [...agent, ...command, ...latency], 120)}\n`);
  } finally {
    ports.remove();
    rmSync(directory, { recursive: true });
  }
}

/**
 * The agent with its defaults except the ports, on idle vCPUs: the dead band has its largest width, so it asks for
 * nothing.
 */
async function measureAgent(virtioPorts: string, directory: string, seconds: number): Promise<string[][]> {
  const config = join(directory, "guest.conf");
  writeFileSync(config, "[agent]\nPorts=0-1\nTargetPercent=50\nDeadBandPercent=45\nSource=proc-stat\n");
  const agent = Bun.spawn(
    [EXECUTABLE, "--ports", virtioPorts, "--env", "kvm-vm", "agent", "--config", config],
    { stdin: "ignore", stdout: "ignore", stderr: "inherit", env: UNIT_ENVIRONMENT },
  );
  await Bun.sleep(SETTLE_MS);
  const before = costs(agent.pid);
  await Bun.sleep(seconds * 1000);
  const after = costs(agent.pid);
  agent.kill("SIGTERM");
  await agent.exited;
  const perMinute = (count: number) => `${Math.round((count * 60) / seconds)} per minute`;
  return [
    ["Agent at rest: wake-ups", perMinute(after.wakeUps - before.wakeUps)],
    ["Agent at rest: CPU", `${((after.cpuMs - before.cpuMs) / seconds / 10).toFixed(3)} % of one`],
    ["Agent: RSS", `${(after.rssKb / 1024).toFixed(1)} MiB`],
    ["Agent: memory of its own", `${(after.ownKb / 1024).toFixed(1)} MiB`],
  ];
}

async function measureCommand(virtioPorts: string): Promise<string[][]> {
  const times: number[] = [];
  for (let run = 0; run < 20; run++) {
    const begun = performance.now();
    const child = Bun.spawn([EXECUTABLE, "--ports", virtioPorts, "--env", "kvm-vm", "max"], {
      stdout: "ignore",
    });
    await child.exited;
    times.push(performance.now() - begun);
  }
  return [["vm-power-guest max, from start to end", `${middle(times).toFixed(1)} ms`]];
}

/** This process plays the host and polls every millisecond, so only the CPU time shows the cost of the library. */
async function measureRequests(virtioPorts: string): Promise<string[][]> {
  const power = openPower({ places: { virtioPorts }, env: "kvm-vm" });
  const begun = performance.now();
  await power.init(0);
  const initMs = performance.now() - begun;
  const times: number[] = [];
  for (let request = 0; request < REQUESTS; request++) {
    const sent = performance.now();
    await power.freqMax(0);
    times.push(performance.now() - sent);
  }
  await power.unsetEnv();
  return [
    ["Library: init of an lcore", `${initMs.toFixed(1)} ms`],
    ["Library: request to answer, p50", `${middle(times).toFixed(2)} ms`],
  ];
}

interface Costs {
  /** How often one of its threads woke up. */
  readonly wakeUps: number;
  readonly cpuMs: number;
  readonly rssKb: number;
  /** Memory that is not shared with the executable file. */
  readonly ownKb: number;
}

function costs(pid: number): Costs {
  const field = (text: string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  let wakeUps = 0;
  let cpuMs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const say = (file: string) => readFileSync(`/proc/${pid}/task/${task}/${file}`, "utf8");
    wakeUps += field(say("status"), "voluntary_ctxt_switches");
    // In nanoseconds.
    cpuMs += Number(say("schedstat").split(" ")[0]) / 1e6;
  }
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    wakeUps,
    cpuMs,
    rssKb: field(status, "VmRSS"),
    ownKb: field(status, "RssAnon"),
  };
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

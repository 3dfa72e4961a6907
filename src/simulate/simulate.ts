import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type ASKS, type SimulatedPort, type SimulatedVm, startVm } from "./guest.ts";
import { makeHost, type SimulatedHost } from "./host.ts";
import { runKernel } from "./kernel.ts";
import { runPackage } from "./power.ts";

/** Four VMs with three generations of DPDK; `db1` and `cache1` share a clock. */
const VMS: readonly SimulatedVm[] = [
  { name: "web1", packetSize: 464, pcpus: [2, 3] },
  { name: "db1", packetSize: 456, pcpus: [4] },
  { name: "cache1", packetSize: 16, pcpus: [5] },
  { name: "nfv.edge", packetSize: 464, pcpus: [6, 7] },
];

const ACTIONS: readonly (keyof typeof ASKS)[] = ["down", "down", "min", "up", "turbo", "max", "no-turbo"];
const PAUSE_MS = 700;
const STOP_MS = 5000;

/** `vm-power simulate`: runs the real daemon on a simulated host until Ctrl-C, and removes everything. */
export async function simulate({ seconds }: { readonly seconds?: number }): Promise<number> {
  const host = makeHost(VMS);
  const kernel = runKernel(host.tree.root);
  const metered = runPackage(
    host.powercap,
    host.tree,
    VMS.flatMap(({ pcpus }) => pcpus),
  );
  const ports = VMS.flatMap((vm) => startVm(vm, host.channels));
  const stop = Promise.withResolvers<void>();
  // SIGHUP: the terminal was closed; everything must be removed then too.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.resolve());
  // The reader of the output has left, as "| head" does.
  process.stdout.on("error", () => stop.resolve());
  process.stderr.on("error", () => stop.resolve());
  const timer = seconds === undefined ? undefined : setTimeout(() => stop.resolve(), seconds * 1000);
  const daemon = Bun.spawn([...self(), "--config", host.configFile], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  try {
    say(introduction(host));
    const ended = Promise.race([stop.promise, daemon.exited.then(() => {})]);
    await play(ports, host, ended);
    const cause = daemon.signalCode ?? daemon.exitCode;
    if (cause === null) return 0;
    const how = typeof cause === "number" ? `ended with exit status ${cause}` : `was ended by ${cause}`;
    process.stderr.write(`The daemon ${how}, and the simulation with it\n`);
    return 1;
  } finally {
    clearTimeout(timer);
    daemon.kill("SIGTERM");
    const patience = setTimeout(() => daemon.kill("SIGKILL"), STOP_MS);
    await daemon.exited;
    clearTimeout(patience);
    for (const port of ports) port.close();
    kernel.close();
    metered.close();
    if (daemon.exitCode === 0) say(`\nStopped. Every CPU is as it was found:\n  ${governors(host)}`);
    host.remove();
  }
}

/** How to start this program again: the executable, or bun with the sources. */
function self(): string[] {
  const compiled = Bun.main.startsWith("/$bunfs/");
  return compiled ? [process.execPath] : [process.execPath, Bun.main];
}

function introduction({ directory, controlSocket }: SimulatedHost): string {
  return [
    "A simulated host: 8 CPUs made of plain files, 4 VMs whose guests send real",
    "packets, and the real daemon in between. Ctrl-C ends it and leaves nothing.",
    "",
    `Its files are in ${directory}. Look into it with`,
    `  ${vmpowerctl()} --socket ${controlSocket} status`,
    "",
    "  guest       asks      answer    host writes",
  ].join("\n");
}

/** How to call vmpowerctl from the current directory: by its name alone if PATH has this one. */
function vmpowerctl(): string {
  const ours = join(dirname(process.execPath), "vmpowerctl");
  if (Bun.which("vmpowerctl") === ours || !existsSync(ours)) return "vmpowerctl";
  const near = relative(process.cwd(), ours);
  return near.startsWith("..") ? ours : near.includes("/") ? near : `./${near}`;
}

async function play(
  ports: readonly SimulatedPort[],
  host: SimulatedHost,
  ended: Promise<void>,
): Promise<void> {
  let going = true;
  void ended.then(() => {
    going = false;
  });
  while (going && !ports.every((port) => port.connected)) await Promise.race([Bun.sleep(20), ended]);
  for (let turn = 0; going; turn++) {
    const port = ports[turn % ports.length];
    const action = ACTIONS[turn % ACTIONS.length];
    if (port === undefined || action === undefined) return;
    // The first guests, of 2014, had no turbo.
    if (port.vm.packetSize === 16 && action.endsWith("turbo")) continue;
    const pcpu = port.vm.pcpus[port.vcpu] ?? 0;
    const before = setting(host, pcpu);
    const answer = await port.ask(action);
    const after = setting(host, pcpu);
    const wrote = before === after ? `CPU ${pcpu} stays at ${after}` : `CPU ${pcpu}: ${before} → ${after}`;
    say(`  ${`${port.vm.name}:${port.vcpu}`.padEnd(12)}${action.padEnd(10)}${answer.padEnd(10)}${wrote}`);
    await Promise.race([Bun.sleep(PAUSE_MS), ended]);
  }
}

/** The content of the host's files: the governor, and the speed if one is set. */
function setting({ tree }: SimulatedHost, pcpu: number): string {
  const governor = tree.read(pcpu, "scaling_governor") ?? "?";
  if (governor === "userspace") return `${ghz(tree.read(pcpu, "scaling_setspeed"))} GHz`;
  const [min, max] = [tree.read(pcpu, "scaling_min_freq"), tree.read(pcpu, "scaling_max_freq")];
  return min === max ? `${ghz(max)} GHz` : `${governor} ${ghz(min)}–${ghz(max)} GHz`;
}

function governors({ tree }: SimulatedHost): string {
  const found = [0, 2, 4, 6].map((pcpu) => setting({ tree } as SimulatedHost, pcpu));
  return [...new Set(found)].join(", ");
}

function ghz(khz: string | undefined): string {
  return (Number(khz) / 1e6).toFixed(3);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

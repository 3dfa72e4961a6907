import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnergyFile } from "../../src/daemon/energy/energy-file.ts";
import { bootNow } from "../../src/daemon/turn-clock.ts";
import type { ASKS, SimulatedVm } from "../../src/simulate/guest.ts";
import { startVm } from "../../src/simulate/guest.ts";
import { makeHost } from "../../src/simulate/host.ts";
import { runKernel } from "../../src/simulate/kernel.ts";
import { runPackage } from "../../src/simulate/power.ts";
import { until } from "../../test/daemon/until.ts";
import { SILENT, SimulatedWeek } from "../../test/report/week.ts";

const DAEMON = join(import.meta.dir, "../../dist/vm-power");
const RULES = join(import.meta.dir, "../../packaging/monitoring/vm-power.rules.yml");

/** Those of "vm-power simulate", with names that the account of energy knows. */
const VMS: readonly SimulatedVm[] = [
  { name: "web1", packetSize: 464, pcpus: [2, 3] },
  { name: "web2", packetSize: 456, pcpus: [4] },
  { name: "db1", packetSize: 464, pcpus: [6, 7] },
];

const ASKED: readonly (keyof typeof ASKS)[] = ["max", "down", "min", "up", "turbo", "no-turbo"];

/** Between two requests of a guest, and between two scrapes, in ms. */
const PAUSE_MS = 20;
const SCRAPE_MS = 500;

/** What is waited for at most. */
const PATIENCE_MS = 20_000;

/** A sample of an answer to a query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus that scrapes a daemon whose guests ask all the time. */
export interface Stage {
  /** Asks for the result of an expression now. Throws what Prometheus says against it. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The rules that are loaded, with their health. */
  rules(): Promise<readonly { readonly name: string; readonly health: string }[]>;
  remove(): Promise<void>;
}

/** Starts a simulated host, its guests, the daemon with an account of a day, and Prometheus. */
export async function makeStage(): Promise<Stage> {
  const port = 20_000 + (process.pid % 20_000);
  const host = makeHost(VMS);
  const directory = mkdtempSync(join(tmpdir(), "vm-power-prometheus-"));
  writeAccount(join(host.directory, "state"));
  appendFileSync(host.configFile, `[metrics]\nListen=127.0.0.1:${port}\n[vm web*]\nMaxKhz=2000000\n`);
  const cpus = VMS.flatMap(({ pcpus }) => pcpus);
  const played = [runKernel(host.tree.root), runPackage(host.powercap, host.tree, cpus)];
  const ports = VMS.flatMap((vm) => startVm(vm, host.channels));
  writeFileSync(join(directory, "prometheus.yml"), configuration(port));
  const daemon = Bun.spawn([DAEMON, "--config", host.configFile], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const prometheus = Bun.spawn(
    [
      ...["prometheus", `--config.file=${join(directory, "prometheus.yml")}`],
      ...[`--storage.tsdb.path=${join(directory, "data")}`, `--web.listen-address=127.0.0.1:${port + 1}`],
      "--log.level=error",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  let going = true;
  const load = ports.map(async (guest, i) => {
    for (let turn = i; going; turn++) {
      await guest.ask(ASKED[turn % ASKED.length] ?? "max");
      await Bun.sleep(PAUSE_MS);
    }
  });
  const api = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port + 1}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as { status: string; error?: string; data: T };
    if (status !== "success") throw new Error(error);
    return data;
  };
  const stage: Stage = {
    async query(expression) {
      return (await api<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
    },
    async rules() {
      const { groups } = await api<{ groups: { rules: { name: string; health: string }[] }[] }>("rules");
      return groups.flatMap((group) => group.rules);
    },
    async remove() {
      going = false;
      await Promise.all(load);
      for (const child of [prometheus, daemon]) {
        child.kill("SIGTERM");
        await child.exited;
      }
      for (const each of [...played, ...ports]) each.close();
      host.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  try {
    await until(() => ports.every(({ connected }) => connected));
    hold(host.controlSocket, "4");
    await scraped(stage);
    return stage;
  } catch (error) {
    await stage.remove();
    throw error;
  }
}

/** A day's account of energy, of which the daemon knows what was saved. */
function writeAccount(directory: string): void {
  mkdirSync(directory, { mode: 0o755 });
  const history = mkdtempSync(join(tmpdir(), "vm-power-day-"));
  const week = new SimulatedWeek(history, { names: VMS.map(({ name }) => name) });
  week.play(1);
  rmSync(history, { recursive: true });
  const now = { boot: bootNow(), monoMs: performance.now() };
  new EnergyFile(directory, SILENT).write(week.account.state, {}, { now, isLast: true });
}

/** An operator keeps a CPU at its lowest speed. */
function hold(socket: string, cpu: string): void {
  const words = ["--socket", socket, "set-cpu-freq", cpu, "min", "--hold"];
  const { exitCode, stderr } = Bun.spawnSync([DAEMON, ...words], { argv0: "vmpowerctl" });
  if (exitCode !== 0) throw new Error(`${stderr}`);
}

/** Waits until every metric of the daemon was scraped often enough for a rate over some seconds. */
async function scraped(stage: Stage): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  const isThere = async () => {
    const found = await stage.query("count_over_time(vmpower_build_info[1m])").catch(() => []);
    return Number(found[0]?.value[1] ?? 0) >= 10;
  };
  while (!(await isThere())) {
    if (performance.now() > endMs) throw new Error("Prometheus has scraped nothing");
    await Bun.sleep(100);
  }
}

function configuration(port: number): string {
  return `global:
  scrape_interval: ${SCRAPE_MS}ms
  evaluation_interval: 1s
rule_files: [${JSON.stringify(RULES)}]
scrape_configs:
  - job_name: vm-power
    static_configs:
      - targets: ["127.0.0.1:${port}"]
`;
}

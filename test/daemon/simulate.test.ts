import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Cpu, Status } from "../../src/admin/control-types.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dir, "../..");

let simulator: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
afterEach(async () => {
  simulator?.kill("SIGTERM");
  await simulator?.exited;
});

function simulate(): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const options = { cwd: ROOT, stdout: "pipe", stderr: "pipe" } as const;
  simulator = Bun.spawn([join(ROOT, "dist/vm-power"), "simulate"], options);
  return simulator;
}

test("a terminal that is closed ends the simulator, and leaves nothing behind", async () => {
  const { stdout, exited } = simulate();
  let said = "";
  for await (const chunk of stdout) {
    said += Buffer.from(chunk).toString();
    if (/web1:0 .*\n/.test(said)) break;
  }
  const directory = /files are in (\S+)\. /.exec(said)?.[1] ?? "";
  expect(existsSync(join(directory, "control.sock"))).toBe(true);
  simulator?.kill("SIGHUP");
  expect([await exited, existsSync(directory)]).toEqual([0, false]);
}, 20_000);

test("the simulator's output fits a terminal and names a working command, and its CPUs run as they are set", async () => {
  const running = simulate();
  let said = "";
  const read = (async () => {
    for await (const chunk of running.stdout) said += Buffer.from(chunk).toString();
  })();
  // Each of the six guests has sent a request.
  await until(() => /nfv\.edge:1 .*\n/.test(said), 20_000);
  const hint = /^ {2}(.*--socket .*) status$/m.exec(said)?.[1] ?? "";
  const directory = /files are in (\S+)\. /.exec(said)?.[1] ?? "";
  const look = (command: string) => Bun.spawnSync(["sh", "-c", `${hint} ${command}`], { cwd: ROOT });

  expect(look("status").stdout.toString()).toStartWith("vm-power 0.1.0 is running\n");
  const follows = () => {
    const { cpus } = JSON.parse(look("show-cpu-freq --json").stdout.toString()) as { cpus: Cpu[] };
    const set = cpus.filter(({ requestedKhz }) => requestedKhz !== undefined);
    return set.length >= 5 && set.every(({ requestedKhz, currentKhz }) => requestedKhz === currentKhz);
  };
  await until(follows, 20_000);
  await until(() => look("energy").stdout.toString().includes("metered by package-0"), 20_000);
  const doctor = look("doctor");
  expect([doctor.exitCode, doctor.stdout.toString()]).toEqual([
    0,
    `* CPU 4-5 has one clock, shared by db1, cache1: the highest claim takes effect for all
  → pin each VM to clocks of its own: vmpowerctl show-cpu-freq shows which CPUs share one

Nothing needs repair
Nothing is wrong with: daemon, limits, hypervisor, libvirt, channel directory, channels, channels at the start, FIFOs, channel definitions, driver, governor, managed CPUs, firmware, turbo, drift, energy preference, knobs, pins, isolation, SMT
Does not apply to a daemon that uses "${directory}/cpu": groups, AppArmor, SELinux, tuners
`,
  ]);

  running.kill("SIGINT");
  expect(await running.exited).toBe(0);
  await read;
  expect(said.split("\n").filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  expect(said).toEndWith(
    "Every CPU is as it was found:\n  schedutil 1.200–2.301 GHz, powersave 0.800–3.500 GHz\n",
  );
  expect(existsSync(directory)).toBe(false);
}, 40_000);

test("a killed daemon ends the simulator, which reports that and fails", async () => {
  const running = simulate();
  let said = "";
  const read = (async () => {
    for await (const chunk of running.stdout) said += Buffer.from(chunk).toString();
  })();
  await until(() => /web1:0 .*\n/.test(said), 20_000);
  const directory = /files are in (\S+)\. /.exec(said)?.[1] ?? "";
  const status = [join(ROOT, "dist/vmpowerctl"), "--socket", join(directory, "control.sock"), "status"];
  const { stdout } = Bun.spawnSync([...status, "--json"]);
  const { pid } = JSON.parse(stdout.toString()) as Status;
  process.kill(pid, "SIGKILL");
  expect([await running.exited, await running.stderr.text(), existsSync(directory)]).toEqual([
    1,
    "The daemon was ended by SIGKILL, and the simulation with it\n",
    false,
  ]);
  await read;
}, 40_000);

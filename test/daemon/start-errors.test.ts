import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const EXECUTABLE = join(import.meta.dir, "../../dist/vm-power");
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const cannotDrop = Bun.spawnSync([...NOBODY, "true"]).exitCode !== 0;
if (cannotDrop) console.warn("Starts as another user are not tested: setpriv cannot change the user here");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-start-"));
  chmodSync(directory, 0o755);
  for (const name of ["cpu/cpu0", "channels", "run", "state"])
    mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, "file"), "");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Starts a daemon with these lines in [daemon]; returns its error message. */
function refused(daemon: string, command: readonly string[] = [EXECUTABLE]): string {
  const file = join(directory, "vm-power.conf");
  writeFileSync(
    file,
    `[daemon]\nRuntimeDirectory=${directory}/run\nStateDirectory=${directory}/state\n[channels]\nDirectory=${directory}/channels
[cpufreq]\nRoot=${directory}/cpu\n[hypervisor]\nDriver=static\n[vm a]\nVcpus=0\n`,
  );
  mkdirSync(`${file}.d`, { recursive: true });
  writeFileSync(`${file}.d/test.conf`, `[daemon]\n${daemon}\n`);
  const { exitCode, stderr } = Bun.spawnSync([...command, "--config", file], { timeout: 10_000 });
  expect(exitCode).toBe(1);
  return (
    /Cannot start: (.*)\n/.exec(stderr.toString())?.[1]?.replaceAll(directory, "DIR") ?? stderr.toString()
  );
}

test.each([
  [
    "RuntimeDirectory=/proc/x/y",
    'Cannot use RuntimeDirectory="/proc/x/y": no such file or directory; set RuntimeDirectory to another directory',
  ],
  [
    "RuntimeDirectory=DIR/file",
    'RuntimeDirectory="DIR/file" is not a directory: remove that file, or name another directory',
  ],
  [
    "StateDirectory=DIR/file",
    'StateDirectory="DIR/file" is not a directory: remove that file, or name another directory',
  ],
  [
    "ControlSocket=DIR/none/x.sock",
    'Cannot serve "DIR/none/x.sock": there is no directory "DIR/none": make it, or name another',
  ],
])("an error that prevents the start has its key and remedy: %s", (line, words) => {
  expect(refused(line.replaceAll("DIR", directory))).toBe(words);
});

test.skipIf(cannotDrop)(
  "another user gets the missing permission and the remedy (skipped without setpriv)",
  () => {
    const program = join(directory, "vm-power");
    copyFileSync(EXECUTABLE, program);
    const start = (lines: string) => refused(lines, [...NOBODY, program]);
    expect(start(`StateDirectory=${directory}/own`)).toBe(
      'Cannot use RuntimeDirectory="DIR/run": permission denied; start vm-power by systemd or as root, or set ' +
        "RuntimeDirectory to a directory of this user",
    );
    chmodSync(join(directory, "run"), 0o777);
    expect(start("LogLevel=info")).toBe(
      'Cannot use StateDirectory="DIR/state": permission denied; start vm-power by systemd or as root, or set ' +
        "StateDirectory to a directory of this user",
    );
    chmodSync(join(directory, "state"), 0o777);
    expect(start(`ControlSocket=${directory}/x.sock`)).toBe(
      'Cannot serve "DIR/x.sock": permission denied in "DIR": run vm-power as its owner or as root',
    );
  },
);

test.each([
  ["foo", 'There is no command "foo": vm-power --help lists the commands\n'],
  ["simulat", 'There is no command "simulat": did you mean simulate?\n'],
  ["--chek-config", 'vm-power has no option "--chek-config": did you mean --check-config?\n'],
  ["--config /x simulate", "simulate has a configuration of its own: leave --config out\n"],
  ["simulate --config=/x", "simulate has a configuration of its own: leave --config out\n"],
  ["--check-config restore", "--check-config is not for restore: leave one of them out\n"],
])("vm-power %s is wrong usage", (words, err) => {
  const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, ...words.split(" ")], { timeout: 5000 });
  expect([exitCode, stderr.toString()]).toEqual([2, err]);
});

test.each(["0", "2w", "3000000"])("vm-power simulate refuses %s as seconds", (text) => {
  const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, "simulate", "--seconds", text], { timeout: 5000 });
  expect([exitCode, stderr.toString()]).toEqual([
    2,
    `--seconds: "${text}" is not a number of seconds above 0, at most 604800\n`,
  ]);
});

test("vm-power version prints the version", () => {
  const { exitCode, stdout } = Bun.spawnSync([EXECUTABLE, "version"]);
  expect([exitCode, stdout.toString()]).toEqual([0, "0.1.0\n"]);
});

test.each<[what: string, root: string, problem: string]>([
  ["does not exist", "DIR/nowhere", "there is no such directory"],
  ["is a file", "DIR/file", "it is not a directory"],
  ["has no CPUs", "DIR/run", "it has no CPUs (cpu0, cpu1, …)"],
])(
  "a Root that %s is an error of the configuration, at --check-config and at the start",
  (_what, root, problem) => {
    const file = join(directory, "vm-power.conf");
    const at = root.replace("DIR", directory);
    writeFileSync(file, `[cpufreq]\nRoot=${at}\n`);
    for (const options of [["--check-config"], []]) {
      const { exitCode, stderr } = Bun.spawnSync([EXECUTABLE, "--config", file, ...options], {
        timeout: 10_000,
      });
      expect([exitCode, stderr.toString()]).toEqual([
        78,
        expect.stringContaining(
          `${file}:2: Root="${at}": ${problem} (the kernel's is /sys/devices/system/cpu)\n`,
        ),
      ]);
    }
  },
);

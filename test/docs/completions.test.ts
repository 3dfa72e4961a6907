import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bashCompletion } from "../../packaging/completions/bash.ts";
import { fishCompletion } from "../../packaging/completions/fish.ts";
import { daemonTable, guestTable, operatorTable } from "../../packaging/completions/table.ts";
import { zshCompletion } from "../../packaging/completions/zsh.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { askHelp } from "./help.ts";

let directory: string;
const TABLE = operatorTable();
const TABLES = [TABLE, daemonTable(), guestTable()];
const VERB_NAMES = [...VERBS.map(({ name }) => name), "help"];

/** Possible names of VMs. Completing them must not execute anything in the operator's shell. */
const VMS = ["web1", "web 2", "$(touch TRACE)", "`touch TRACE`", "a;touch TRACE"];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-completions-"));
  const fake = join(directory, "vmpowerctl");
  const names = VMS.map((name) => ({ name: name.replace("TRACE", join(directory, "trace")) }));
  const cpus = [7, 900].map((pcpu) => ({ pcpu, managed: true }));
  const answer = JSON.stringify({ schemaVersion: 1, vms: names, cpus });
  writeFileSync(fake, `#!/bin/sh\necho "$@" >${directory}/asked\ncat <<'JSON'\n${answer}\nJSON\n`);
  chmodSync(fake, 0o755);
  for (const table of TABLES) {
    writeFileSync(join(directory, `${table.program}.bash`), bashCompletion(table));
    writeFileSync(join(directory, `${table.program}.fish`), fishCompletion(table));
    writeFileSync(join(directory, `${table.program}.zsh`), zshCompletion(table));
  }
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function run(...command: readonly string[]): string[] {
  const env = { PATH: `${directory}:${process.env["PATH"]}`, HOME: directory };
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { env });
  if (exitCode !== 0 || stderr.length > 0) throw new Error(`${command.join(" ")}: ${exitCode} ${stderr}`);
  return stdout.toString().split("\n").slice(0, -1);
}

/** The words that bash offers for the last word. */
function bash(...words: readonly string[]): string[] {
  return bashOf("vmpowerctl", ...words);
}
function bashOf(program: string, ...words: readonly string[]): string[] {
  const call = `_${program.replaceAll("-", "_")}`;
  const script = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${call}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", "-c", script, join(directory, `${program}.bash`), program, ...words).filter(
    (word) => word !== "",
  );
}

/** The words that fish offers for the end of a line. */
function fish(line: string): string[] {
  const script = `source ${directory}/${line.split(" ")[0]}.fish; complete -C '${line}'`;
  return run("fish", "--no-config", "-c", script).map((offer) => offer.split("\t")[0] ?? "");
}

test.each(TABLES)(
  "the table agrees with --help: $program",
  ({ program, verbs, options: known }) => {
    const { options, commands } = askHelp(program);
    expect(verbs.map(({ name }) => name).sort()).toEqual([...commands.keys()].sort());
    const flags = options.flatMap((option) => option.replace(/ <.*/, "").split(", "));
    expect(known.flatMap((option) => option.flags).sort()).toEqual(flags.sort());
    for (const { name, options: own } of verbs.filter(
      (verb) => verb.name !== "help" && verb.name !== "policy",
    )) {
      const told = askHelp(program, name).options.filter((option) => !options.includes(option));
      const ownFlags = own.flatMap((option) => option.flags).filter((flag) => !flags.includes(flag));
      const toldFlags = told.flatMap((option) => option.replace(/ <.*/, "").split(", "));
      expect([name, ownFlags.sort()]).toEqual([
        name,
        toldFlags.filter((flag) => !flags.includes(flag)).sort(),
      ]);
    }
    // Each question starts the program.
  },
  30_000,
);

describe("bash", () => {
  test("offers every command", () => expect(bash("").sort()).toEqual([...VERB_NAMES].sort()));
  test("offers the words of an argument", () =>
    expect(bash("set-cpu-freq", "1", "m")).toEqual(["min", "max"]));
  test("counts arguments after options and their values", () => {
    expect(bash("--socket", "/x", "--json", "set-query", "web1", "e")).toEqual(["enable"]);
  });
  test("offers a command's own options, and the program's", () => {
    expect(bash("list", "--")).toEqual(expect.arrayContaining(["--channels", "--json"]));
    expect(bash("status", "--")).not.toContain("--channels");
  });
  test("offers VMs quoted, and executes nothing in their names", () => {
    expect(bash("show-vm", "w")).toEqual(["web1", "web\\ 2"]);
    expect(bash("show-vm", "").length).toBe(VMS.length);
    expect(existsSync(join(directory, "trace"))).toBe(false);
  });
  test("asks the chosen host, also for its CPUs", () => {
    const asked = () => readFileSync(join(directory, "asked"), "utf8").trimEnd();
    expect(bash("-H", "web", "--socket", "/x", "show-cpu-freq", "")).toEqual(["7", "900"]);
    expect(asked()).toBe("--timeout 1 -H web --socket /x --json show-cpu-freq");
    bash("--hosts", "a,b", "show-vm", "");
    expect(asked()).toBe("--timeout 1 --hosts a,b --json list");
    expect(bash("show-cpu-freq", "")).not.toContain("900");
  });
  test("completes the other programs too", () => {
    expect(bashOf("vm-power", "").sort()).toEqual(["attach-helper", "help", "replay", "restore", "simulate"]);
    expect(bashOf("vm-power", "replay", "--j")).toEqual(["--json"]);
    expect(bashOf("vm-power", "help", "s")).toEqual(["simulate"]);
    expect(bashOf("vm-power-guest", "--env", "k")).toEqual(["kvm-vm"]);
    expect(bashOf("vm-power-guest", "policy", "s")).toEqual(["send"]);
    expect(bashOf("vm-power-guest", "policy", "send", "--type", "t")).toEqual(["traffic", "time"]);
  });
});

describe.skipIf(Bun.which("fish") === null)("fish (skipped where it is not installed)", () => {
  test("offers every command", () => expect(fish("vmpowerctl ").sort()).toEqual([...VERB_NAMES].sort()));
  test("offers the words of an argument", () => {
    expect(fish("vmpowerctl --socket /x set-cpu-freq 1 m").sort()).toEqual(["max", "min"]);
  });
  test("offers VMs, and executes nothing in their names", () => {
    expect(fish("vmpowerctl show-vm w").sort()).toEqual(["web 2", "web1"]);
    expect(fish("vmpowerctl show-vm ").length).toBe(VMS.length);
    expect(existsSync(join(directory, "trace"))).toBe(false);
  });
  test("asks the chosen host, also for its CPUs", () => {
    expect(fish("vmpowerctl -H web show-cpu-freq ")).toEqual(["7", "900"]);
    expect(readFileSync(join(directory, "asked"), "utf8")).toBe("--timeout 1 -H web --json show-cpu-freq\n");
    expect(fish("vmpowerctl show-cpu-freq ")).not.toContain("900");
  });
  test("completes the other programs too", () => {
    expect(fish("vm-power ").sort()).toEqual(["attach-helper", "help", "replay", "restore", "simulate"]);
    expect(fish("vm-power-guest policy send --type t").sort()).toEqual(["time", "traffic"]);
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh (skipped where it is not installed)", () => {
  test.each(TABLES)("understands its completion of $program", ({ program }) =>
    expect(run("zsh", "-n", join(directory, `${program}.zsh`))).toEqual([]),
  );
  test("has every command, and the words of arguments", () => {
    const text = zshCompletion(TABLE);
    for (const { name, doc } of TABLE.verbs)
      expect(text).toContain(`'${`${name}:${doc}`.replaceAll("'", "'\\''")}'`);
    expect(text).toContain("set-query) _arguments -S '1:vm:_vmpowerctl_vm' '2:word:(enable disable)' ;;");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bashCompletion } from "../../packaging/completions/bash.ts";
import { fishCompletion } from "../../packaging/completions/fish.ts";
import { commandTable } from "../../packaging/completions/table.ts";
import { zshCompletion } from "../../packaging/completions/zsh.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { askHelp } from "./help.ts";

let directory: string;
const TABLE = commandTable();
const VERB_NAMES = [...VERBS.map(({ name }) => name), "help"];

/** VMs as a host may name them: whoever names one must not have the shell of an operator do anything. */
const VMS = ["web1", "web 2", "$(touch TRACE)", "`touch TRACE`", "a;touch TRACE"];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-completions-"));
  const fake = join(directory, "vmpowerctl");
  const names = VMS.map((name) => ({ name: name.replace("TRACE", join(directory, "trace")) }));
  writeFileSync(fake, `#!/bin/sh\ncat <<'JSON'\n${JSON.stringify({ schemaVersion: 1, vms: names })}\nJSON\n`);
  chmodSync(fake, 0o755);
  writeFileSync(join(directory, "bash"), bashCompletion(TABLE));
  writeFileSync(join(directory, "fish"), fishCompletion(TABLE));
  writeFileSync(join(directory, "zsh"), zshCompletion(TABLE));
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

/** What bash offers for the last word. */
function bash(...words: readonly string[]): string[] {
  const script = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vmpowerctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", "-c", script, join(directory, "bash"), "vmpowerctl", ...words).filter(
    (word) => word !== "",
  );
}

/** What fish offers for the end of a line. */
function fish(line: string): string[] {
  const script = `source ${directory}/fish; complete -C '${line}'`;
  return run("fish", "--no-config", "-c", script).map((offer) => offer.split("\t")[0] ?? "");
}

test("the table has what --help has", () => {
  const { options, commands } = askHelp("vmpowerctl");
  expect(TABLE.verbs.map(({ name }) => name).sort()).toEqual([...commands.keys()].sort());
  const flags = options.flatMap((option) => option.replace(/ <.*/, "").split(", "));
  expect(TABLE.options.flatMap((option) => option.flags).sort()).toEqual(flags.sort());
});

describe("bash", () => {
  test("offers every command", () => expect(bash("").sort()).toEqual([...VERB_NAMES].sort()));
  test("offers the words of an argument", () =>
    expect(bash("set-cpu-freq", "1", "m")).toEqual(["min", "max"]));
  test("counts arguments behind options and their values", () => {
    expect(bash("--socket", "/x", "--json", "set-query", "web1", "e")).toEqual(["enable"]);
  });
  test("offers a command's own options, and the program's", () => {
    expect(bash("list", "--")).toEqual(expect.arrayContaining(["--channels", "--json"]));
    expect(bash("status", "--")).not.toContain("--channels");
  });
  test("offers VMs quoted, and does what none of their names says", () => {
    expect(bash("show-vm", "w")).toEqual(["web1", "web\\ 2"]);
    expect(bash("show-vm", "").length).toBe(VMS.length);
    expect(existsSync(join(directory, "trace"))).toBe(false);
  });
});

describe.skipIf(Bun.which("fish") === null)("fish (skipped where it is not installed)", () => {
  test("offers every command", () => expect(fish("vmpowerctl ").sort()).toEqual([...VERB_NAMES].sort()));
  test("offers the words of an argument", () => {
    expect(fish("vmpowerctl --socket /x set-cpu-freq 1 m").sort()).toEqual(["max", "min"]);
  });
  test("offers VMs, and does what none of their names says", () => {
    expect(fish("vmpowerctl show-vm w").sort()).toEqual(["web 2", "web1"]);
    expect(fish("vmpowerctl show-vm ").length).toBe(VMS.length);
    expect(existsSync(join(directory, "trace"))).toBe(false);
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh (skipped where it is not installed)", () => {
  test("understands its completion", () => expect(run("zsh", "-n", join(directory, "zsh"))).toEqual([]));
  test("has every command, and the words of arguments", () => {
    const text = zshCompletion(TABLE);
    for (const { name, doc } of TABLE.verbs)
      expect(text).toContain(`'${`${name}:${doc}`.replaceAll("'", "'\\''")}'`);
    expect(text).toContain("set-query) _arguments -S '1:vm:_vmpowerctl_vm' '2:word:(enable disable)' ;;");
  });
});

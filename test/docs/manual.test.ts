import { describe, expect, test } from "bun:test";
import { APP_KEYS } from "../../src/config/app-keys.ts";
import type { KeysOf } from "../../src/config/key.ts";
import { KEYS, VM_KEYS } from "../../src/config/keys.ts";
import { SCHEDULE_KEYS } from "../../src/config/schedule/schedule-keys.ts";
import { AGENT_KEYS } from "../../src/guest/agent/config.ts";
import { askHelp } from "./help.ts";
import { type Entry, plain, readManual, readSynopsis } from "./manual.ts";

const PROGRAMS = [
  ["vm-power", "vm-power.8"],
  ["vmpowerctl", "vmpowerctl.1"],
  ["vm-power-guest", "vm-power-guest.1"],
] as const;

/** Options that commander adds to every command. */
const EVERYWHERE = ["-h, --help"];

describe.each(PROGRAMS)("%s: the manual page and --help say the same", (program, page) => {
  const manual = readManual(page);
  const { options, exitCodes } = askHelp(program);
  const commands = commandsOf(program);

  test("of its options", () => {
    const heads = manual.get("OPTIONS")?.map(({ head }) => optionOf(head)) ?? [];
    expect(heads.sort()).toEqual([...options].sort());
  });

  test("of its commands, their arguments and their options", () => {
    const described = entriesOf(manual.get("COMMANDS")).map(({ head }) => readSynopsis(head));
    const told = commands.map((command) => {
      const { name, args } = described.find((each) => each.name === command.name) ?? UNKNOWN;
      return {
        name,
        args: command.args.map((arg, i) => (args[i] === "<*>" ? "<*>" : arg)),
        options: command.options,
      };
    });
    expect(described.map(sorted)).toEqual(told.map(sorted));
  });

  test("of what each command does", () => {
    const wrong = entriesOf(manual.get("COMMANDS")).filter(({ head, body }) => {
      const { name } = readSynopsis(head);
      const summary = commands.find((command) => command.name === name)?.summary ?? "?";
      return !body.startsWith(summary.replace(/\.$/, ""));
    });
    expect(wrong).toEqual([]);
  });

  test("of its exit status", () => {
    const codes = (manual.get("EXIT STATUS") ?? []).map(({ head }) => Number(plain(head)));
    if (exitCodes.length > 0) expect(codes).toEqual([...exitCodes]);
    else expect(codes).toEqual([0, 1, 2, 78]);
  });
});

describe("vm-power.conf(5) describes every key of the table, in order, with its default and its words", () => {
  const sections: [string, KeysOf][] = [
    ...Object.entries(KEYS),
    ["schedule NAME", SCHEDULE_KEYS],
    ["vm NAME", VM_KEYS],
    ["app NAME", APP_KEYS],
  ];
  test.each(sections)("[%s]", (section, keys) => expectKeys("vm-power.conf.5", `[${section}]`, keys));
  test("and no other section", () => {
    const titles = [...readManual("vm-power.conf.5").keys()].filter((title) => title.startsWith("["));
    expect(titles).toEqual(sections.map(([section]) => `[${section}]`));
  });
});

test("vm-power-guest(1) describes every key of the agent, in order, with its default and its words", () => {
  expectKeys("vm-power-guest.1", "CONFIGURATION OF THE AGENT", AGENT_KEYS);
});

function expectKeys(
  page: string,
  section: string,
  keys: Readonly<Record<string, { readonly default: string | undefined; readonly doc: string }>>,
): void {
  const entries = (readManual(page).get(section) ?? []).filter(({ head }) => /^\*\w+\*=/.test(head));
  const described = entries.map(({ head, body }) => ({ key: plain(head), body }));
  const meant = Object.entries(keys).map(([name, { default: text = "", doc }], index) => ({
    key: `${name}=${text}`,
    // The page may have more text.
    body: described[index]?.body.startsWith(doc) ? described[index].body : doc,
  }));
  expect(described).toEqual(meant);
}

const UNKNOWN = { name: "not in the manual page", args: [], options: [] };

interface Command {
  readonly name: string;
  readonly summary: string;
  readonly args: readonly string[];
  readonly options: readonly string[];
}

/** All commands of a program, with subcommands, without `help`. */
function commandsOf(program: string, ...path: readonly string[]): Command[] {
  return [...askHelp(program, ...path).commands].flatMap(([word, summary]): Command[] => {
    if (word === "help") return [];
    const name = [...path, word];
    const help = askHelp(program, ...name);
    if (help.commands.size > 0) return commandsOf(program, ...name);
    const options = help.options.filter((option) => !EVERYWHERE.includes(option));
    return [{ name: name.join(" "), summary, args: help.args, options }];
  });
}

function entriesOf(section: readonly Entry[] | undefined): Entry[] {
  return (section ?? []).filter(({ head }) => head.startsWith("*") && !head.startsWith("*help*"));
}

function sorted({
  name,
  args,
  options,
}: {
  name: string;
  args: readonly string[];
  options: readonly string[];
}) {
  return { name, args, options: [...options].sort() };
}

/** `*-H*, *--host* _host_` is `-H, --host <host>`. */
function optionOf(head: string): string {
  return head.replace(/_([^_]+)_/g, "<$1>").replaceAll("*", "");
}

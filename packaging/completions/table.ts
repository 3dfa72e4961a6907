import type { Command, Option } from "commander";
import { createProgram } from "../../src/ctl/program.ts";
import type { Argument } from "../../src/ctl/verb.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { createDaemonProgram } from "../../src/daemon/program.ts";
import { createProgram as createGuestProgram } from "../../src/guest/command/program.ts";

/** The possible values at one place of a command line: names that the daemon knows, a file, anything, or these words. */
export type Kind = Argument["kind"] | "file";

/** An option, as it is typed. */
export interface CompletedOption {
  readonly flags: readonly string[];
  /** Its value, if it takes one. */
  readonly value: Kind | undefined;
  readonly doc: string;
}

/** A command with its arguments and options. */
interface CompletedVerb {
  readonly name: string;
  readonly doc: string;
  readonly arguments: readonly Kind[];
  readonly options: readonly CompletedOption[];
}

/** Everything that can be completed for one program. */
export interface CommandTable {
  readonly program: string;
  readonly options: readonly CompletedOption[];
  readonly verbs: readonly CompletedVerb[];
}

/** The table of `vmpowerctl`, from its table of commands and the parser that is made from it. */
export function operatorTable(): CommandTable {
  const program = createProgram(VERBS, IDLE, async () => {});
  return {
    program: "vmpowerctl",
    options: [
      { flags: ["-h", "--help"], value: undefined, doc: "show help" },
      ...program.options.map(({ short, long, required, description }) => ({
        flags: [short, long].filter((flag) => typeof flag === "string"),
        value: required ? kindOf(long) : undefined,
        doc: description,
      })),
    ],
    verbs: [
      ...VERBS.map(({ name, summary, arguments: args, options = [] }) => ({
        name,
        doc: summary,
        arguments: args.map(({ kind }) => kind),
        options: options.map(({ flag, doc, value }) => ({ flags: [flag], value: value?.kind, doc })),
      })),
      {
        name: "help",
        doc: "Show help of a command",
        arguments: [VERBS.map(({ name }) => name)],
        options: [],
      },
    ],
  };
}

/** The table of `vm-power`. */
export function daemonTable(): CommandTable {
  return tableOf(createDaemonProgram(() => {}));
}

/** The table of `vm-power-guest`. */
export function guestTable(): CommandTable {
  return tableOf(createGuestProgram(IDLE, async () => {}));
}

/** Makes the table from a parser. The name of a subcommand is an argument of its command. */
function tableOf(program: Command): CommandTable {
  const { commands, options, helper } = visibleOf(program);
  return {
    program: program.name(),
    options: options.map(completed),
    verbs: commands.map((command) => {
      const { commands: inner, options: own } = visibleOf(command);
      const within = inner.flatMap((each) => visibleOf(each).options);
      const words = inner.map((each) => each.name());
      const kinds = command.registeredArguments.map((argument) =>
        kindOfValue(argument.name(), argument.argChoices),
      );
      const isHelp = command.name() === "help";
      return {
        name: command.name(),
        doc: helper.subcommandDescription(command).replace(/\.$/, ""),
        arguments: isHelp ? [commands.map((each) => each.name())] : words.length > 0 ? [words] : kinds,
        // The help of each command is an option of the program already.
        options: isHelp ? [] : [...own, ...within].filter(isFirst).filter(isNoHelp).map(completed),
      };
    }),
  };
}

function visibleOf(command: Command) {
  const helper = command.createHelp();
  return { helper, commands: helper.visibleCommands(command), options: helper.visibleOptions(command) };
}

function isFirst({ flags }: Option, index: number, all: readonly Option[]): boolean {
  return all.findIndex((other) => other.flags === flags) === index;
}

function isNoHelp({ long }: Option): boolean {
  return long !== "--help";
}

function completed({ short, long, flags, argChoices, description }: Option): CompletedOption {
  const [, value] = /[<[]([^.>\]]+)/.exec(flags) ?? [];
  return {
    flags: [short, long].filter((flag) => typeof flag === "string"),
    value: value === undefined ? undefined : kindOfValue(value, argChoices),
    doc: description,
  };
}

/** The possible values of an argument, by its name in the help. */
function kindOfValue(name: string, choices: readonly string[] | undefined): Kind {
  if (choices !== undefined) return choices;
  return ["file", "directory", "path"].includes(name) ? "file" : "text";
}

/** Whether an option chooses the daemon, which is then asked for names and CPUs. */
export function isAbout({ flags }: CompletedOption): boolean {
  return flags.some((flag) => ["--socket", "--host", "--hosts", "--inventory"].includes(flag));
}

/** The prefix of the functions of a completion. */
export function prefixOf({ program }: CommandTable): string {
  return `_${program.replaceAll("-", "_")}`;
}

/** The options that take a value, of the program and of its verbs; each once. */
export function optionsWithValue({ options, verbs }: CommandTable): CompletedOption[] {
  const all = [...options, ...verbs.flatMap((verb) => verb.options)];
  const withValue = new Map(
    all.filter(({ value }) => value !== undefined).map((each) => [`${each.flags}`, each]),
  );
  return [...withValue.values()];
}

function kindOf(flag: string | null | undefined): Kind {
  return flag === "--socket" || flag === "--inventory" ? "file" : "text";
}

const IDLE = {
  stdout: { write: () => true },
  stderr: { write: () => true },
  isTty: false,
  columns: 80,
  env: {},
  version: "",
  readLines: () => ({ next: async () => undefined, close: () => {} }),
};

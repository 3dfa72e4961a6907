import type { Command } from "commander";
import { SOCKET_PATH_BYTES_MAX } from "../base/socket-path.ts";
import { UsageError } from "../terminal/exit-code.ts";
import type { TerminalIo } from "../terminal/io.ts";
import { optionParser, secondsUpTo, wholeNumber } from "../terminal/option-values.ts";
import { finishParser, newParser } from "../terminal/parser.ts";
import { quoted } from "../terminal/text.ts";
import type { HostOptions } from "./hosts/choose.ts";
import type { Given, Verb } from "./verb.ts";

/** The options of every command. */
export interface GlobalOptions extends HostOptions {
  readonly socket: string;
  readonly json: boolean;
  readonly timeoutMs: number;
  readonly failFast: boolean;
  readonly parallel: number | undefined;
}

/** Runs the command that was typed. */
export type Run = (verb: Verb, given: Given, options: GlobalOptions) => Promise<void>;

/** The default control socket. */
export const DEFAULT_SOCKET = "/run/vm-power/control.sock";
const DEFAULT_TIMEOUT_SECONDS = 10;
const TIMEOUT_SECONDS_MAX = 3600;

/** The most hosts that may be asked at the same time: each is a process of ssh. */
const PARALLEL_MAX = 256;

/** Makes the command-line parser of these verbs. It throws `UsageError`, and `CommanderError` where it shows help. */
export function createProgram(verbs: readonly Verb[], io: TerminalIo, run: Run): Command {
  const program = newParser("vmpowerctl", "Observe and control the vm-power daemon.", io)
    .option(
      "--socket <path>",
      "control socket of the daemon",
      optionParser("--socket", socketPath),
      DEFAULT_SOCKET,
    )
    .option("-H, --host <host>", "on this host, over ssh; may be repeated", collected)
    .option("--hosts <list>", "on these hosts, like a,b,root@c", collected)
    .option("--inventory <file>", "the hosts of an inventory of Ansible; --host then names hosts or groups")
    .option(
      "--parallel <hosts>",
      "ask at most so many hosts at the same time",
      optionParser("--parallel", wholeNumber("a number of hosts", 1, PARALLEL_MAX)),
    )
    .option("--fail-fast", "ask no more hosts once one has failed")
    .option("--json", "print the result as JSON")
    .option(
      "--timeout <seconds>",
      "how long to wait for the daemon",
      optionParser("--timeout", secondsUpTo(TIMEOUT_SECONDS_MAX)),
      DEFAULT_TIMEOUT_SECONDS,
    )
    .addHelpText("after", examplesText(OVERVIEW_EXAMPLES))
    .addHelpText("after", EXIT_CODES_TEXT);
  for (const verb of verbs) addVerb(program, verb, run);
  return finishParser(program, io);
}

function addVerb(program: Command, verb: Verb, run: Run): void {
  const command = program.command(verb.name).description(`${verb.summary}.`).summary(verb.summary);
  for (const { name, required, repeats, doc } of verb.arguments) {
    const shown = repeats === true ? `${name}...` : name;
    command.argument(required ? `<${shown}>` : `[${shown}]`, doc);
  }
  for (const { flag, doc, value } of verb.options ?? [])
    command.option(value === undefined ? flag : `${flag} <${value.name}>`, doc);
  command.addHelpText("after", examplesText(verb.examples));
  command.action(async () => {
    await run(verb, { arguments: command.args, ...optionsOf(command) }, globalsOf(program));
  });
}

function globalsOf(program: Command): GlobalOptions {
  const {
    socket,
    json = false,
    timeout,
    host,
    hosts,
    inventory,
    failFast = false,
    parallel,
  } = program.opts<{
    socket: string;
    json?: boolean;
    timeout: number;
    host?: string[];
    hosts?: string[];
    inventory?: string;
    failFast?: boolean;
    parallel?: number;
  }>();
  const timeoutMs = timeout * 1000;
  return { socket, json, timeoutMs, hosts: chosenHosts(host, hosts), inventory, failFast, parallel };
}

/** An empty list is not the same as no list: whoever gave one meant other hosts. */
function chosenHosts(host?: readonly string[], hosts?: readonly string[]): readonly string[] | undefined {
  return host === undefined && hosts === undefined ? undefined : [...(host ?? []), ...(hosts ?? [])];
}

function optionsOf(command: Command): Pick<Given, "flags" | "values"> {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (const option of command.options) {
    const value: unknown = command.opts()[option.attributeName()];
    if (value === true) flags.add(option.long ?? "");
    if (typeof value === "string") values.set(option.long ?? "", value);
  }
  return { flags, values };
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function socketPath(text: string): string {
  if (text !== "" && Buffer.byteLength(text) <= SOCKET_PATH_BYTES_MAX) return text;
  throw new UsageError(
    `${quoted(text)} is not the path of a socket: it has 1 to ${SOCKET_PATH_BYTES_MAX} bytes`,
  );
}

function examplesText(examples: Verb["examples"]): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, what]) => `  vmpowerctl ${command.padEnd(width)}  # ${what}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

const OVERVIEW_EXAMPLES: Verb["examples"] = [
  ["status", "is all well?"],
  ["why cpu7", "who asked what, and what was granted"],
  ["set-cpu-freq 2-5 max --hold", "full speed, whatever guests ask"],
  ["set-cpu-freq 2-5 release", "guests may change it again"],
  ["--hosts a,b,root@c list", "the VMs of several hosts, over ssh"],
  ["--inventory hosts status", "a line per host"],
];

const EXIT_CODES_TEXT = `
Exit status:
  0 done, 1 failed, 2 wrong usage, 3 daemon not running, 4 no permission,
  5 timeout, 10 no such VM, CPU or channel, 20 something needs repair`;

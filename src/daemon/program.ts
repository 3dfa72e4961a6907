import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { DEFAULT_CONFIG_PATH, loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import { nearest } from "../config/suggest.ts";
import { UsageError } from "../terminal/exit-code.ts";
import { addHelpCommand } from "../terminal/help-command.ts";
import { optionParser, secondsUpTo } from "../terminal/option-values.ts";
import { noSuchCommand, throwUsageErrors } from "../terminal/usage-errors.ts";
import { VERSION } from "../version.ts";
import { helperCommand } from "./attach/helper-command.ts";
import { CONFIG_HOST } from "./config-host.ts";
import { EXIT_CONFIG, EXIT_USAGE } from "./exit-code.ts";
import { restoreCommand } from "./lifecycle/restore-command.ts";
import { serve } from "./lifecycle/serve.ts";
import { printable } from "./log.ts";
import { replay } from "./replay.ts";

/** Longest time of a simulation in seconds: a week. */
const SIMULATED_SECONDS_MAX = 7 * 24 * 60 * 60;

/** `vm-power`: the daemon and its commands. Resolves with the exit status. */
export async function runDaemonProgram(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createDaemonProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${printable(error.message)}\n`);
    return EXIT_USAGE;
  }
}

/** Makes the command-line parser; `done` gets the result of a command. */
export function createDaemonProgram(done: (exitCode: number) => void): Command {
  const program = new Command("vm-power")
    .description("Scales physical CPUs at the request of the DPDK guests on them.")
    .version(VERSION, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .option("--config <file>", "configuration file", DEFAULT_CONFIG_PATH)
    .option("--check-config", "read the configuration, report errors in it, and exit")
    .allowExcessArguments(false)
    .action(async ({ config, checkConfig }: { config: string; checkConfig?: boolean }) => {
      const [word] = program.args;
      if (word !== undefined) throw unknownCommand(word, program);
      done(checkConfig === true ? check(config) : await serve(config));
    });
  program
    .command("restore")
    .description("Restore settings that a daemon has left changed; systemd runs this after every stop.")
    .option("--config <file>", "configuration file", DEFAULT_CONFIG_PATH)
    .option("--kept", "also what OnExit=keep or OnExit=max left behind")
    .action(async (options: { config: string; kept?: boolean }, command: Command) => {
      // An option before the command's name belongs to the program.
      const { config } = { ...command.parent?.opts(), ...given(command, options) } as { config: string };
      done(await restoreCommand(config, { kept: options.kept === true }));
    });
  program
    .command("replay <file>")
    .description("Show what would be granted for packets that vmpowerctl record recorded.")
    .option("--config <file>", "configuration file", DEFAULT_CONFIG_PATH)
    .option("--json", "one JSON object per request")
    .action((file: string, options: { config: string; json?: boolean }, command: Command) => {
      const { config } = { ...command.parent?.opts(), ...given(command, options) } as { config: string };
      done(replay(file, { config, json: options.json === true }));
    });
  program
    .command("simulate")
    .description("Show the daemon at work on a simulated host, with simulated guests.")
    .option(
      "--seconds <n>",
      "stop after so long; without it, at Ctrl-C",
      optionParser("--seconds", secondsUpTo(SIMULATED_SECONDS_MAX)),
    )
    .action(async (options: { seconds?: number }) => {
      const { simulate } = await import("../simulate/simulate.ts");
      done(await simulate(options));
    });
  program
    .command("attach-helper")
    .description("Attach channels to running VMs when the daemon asks; systemd runs this for its socket.")
    .option("--config <file>", "configuration file", DEFAULT_CONFIG_PATH)
    .option("--user <name>", "the only user who is served", "vm-power")
    .action(async (options: { config: string; user: string }, command: Command) => {
      const { config } = { ...command.parent?.opts(), ...given(command, options) } as { config: string };
      done(await helperCommand(config, options));
    });
  addHelpCommand(program, "Show help of a command.");
  program.command("version", { hidden: true }).action(() => void process.stdout.write(`${VERSION}\n`));
  program.hook("preAction", (_, command) => judgeOptions(command, program));
  // Not earlier, because its commands would inherit it; unknownCommand() reports a word that is no command.
  program.allowExcessArguments(true);
  throwUsageErrors(program);
  return program;
}

/** Without a command the daemon runs, so a mistyped command must not start it. */
function unknownCommand(word: string, program: Command): UsageError {
  const near = nearest(
    word,
    program.commands.map((command) => command.name()),
  );
  return noSuchCommand(word, program, near === undefined ? [] : [near]);
}

function check(path: string): number {
  const loaded = loadConfig(path, { host: CONFIG_HOST });
  const problems = "problems" in loaded ? loaded.problems : loaded.warnings;
  for (const line of formatProblems(problems)) process.stderr.write(`${line}\n`);
  if ("problems" in loaded) return EXIT_CONFIG;
  process.stdout.write(`${path} and ${join(`${path}.d`, "*.conf")} are sound\n`);
  return 0;
}

/** An option before a command that has no use for it must not be ignored. */
function judgeOptions(command: Command, program: Command): void {
  if (command === program) return;
  const typed = given(program, program.opts());
  const name = command.name();
  if ("checkConfig" in typed)
    throw new UsageError(`--check-config is not for ${name}: leave one of them out`);
  if ("config" in typed && name === "simulate")
    throw new UsageError("simulate has a configuration of its own: leave --config out");
}

/** Only the options that were typed, without defaults. */
function given(command: Command, options: object): object {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => command.getOptionValueSource(name) === "cli"),
  );
}

import { Command } from "commander";
import { addHelpCommand } from "./help-command.ts";
import type { TerminalIo } from "./io.ts";
import { throwUsageErrors } from "./usage-errors.ts";

/** Makes the command-line parser of a program for people, without commands; {@link finishParser} must follow. */
export function newParser(name: string, description: string, io: TerminalIo): Command {
  const width = () => (io.isTty ? io.columns : 80);
  return new Command(name)
    .description(description)
    .version(io.version, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Adds the commands of every program. The parser then throws `UsageError`, and `CommanderError` where it shows help. */
export function finishParser(program: Command, { version, stdout }: TerminalIo): Command {
  addHelpCommand(program, "Show help of a command");
  // Many programs have this command. Without it "version" would be taken for a mistyped "verify".
  program.command("version", { hidden: true }).action(() => void stdout.write(`${version}\n`));
  throwUsageErrors(program);
  return program;
}

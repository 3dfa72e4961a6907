import type { Command } from "commander";
import { noSuchCommand } from "./usage-errors.ts";

/** Adds the command `help`. That of commander shows all of its help for a word that is no command, and does not say why. */
export function addHelpCommand(program: Command, doc: string): void {
  program
    .helpCommand(false)
    .command("help [command]")
    .description(doc)
    .action((name: string | undefined) => {
      if (name === undefined) program.help();
      const found = program.commands.find((command) => command.name() === name);
      if (found === undefined) throw noSuchCommand(name, program);
      found.help();
    });
}

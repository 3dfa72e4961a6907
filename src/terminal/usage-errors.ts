import type { Command, CommanderError } from "commander";
import { UsageError } from "./exit-code.ts";
import { quoted } from "./text.ts";

/**
 * Makes a parser and its commands throw a `UsageError` that names what is wrong and the remedy, instead of writing
 * commander's text and throwing. For help and version commander's error is still thrown.
 */
export function throwUsageErrors(program: Command): void {
  program.configureOutput({ outputError: () => {} });
  program.exitOverride((error) => {
    // Without a command the help is the message.
    if (error.exitCode === 0 || error.code === "commander.help") throw error;
    throw new UsageError(sentenceOf(error, program));
  });
  for (const command of program.commands) throwUsageErrors(command);
}

/** What is wrong with a word that names no command of this parser. `near` are commands that may be meant. */
export function noSuchCommand(word: string, program: Command, near: readonly string[] = []): UsageError {
  const remedy = near.length === 0 ? `${nameWithParents(program)} --help lists the commands` : meant(near);
  return new UsageError(`There is no command ${quoted(word)}: ${remedy}`);
}

function sentenceOf(error: CommanderError, command: Command): string {
  const [name, line] = [command.name(), nameWithParents(command)];
  const write = `write ${line} ${command.usage()}`;
  // Commander tells the wrong word and similar ones only in its message.
  const [, word = ""] = /'(.*?)'(?:\n| argument |$)/s.exec(error.message) ?? [];
  const near = /\(Did you mean (?:one of )?(.+)\?\)$/.exec(error.message)?.[1]?.split(", ") ?? [];
  switch (error.code) {
    case "commander.unknownCommand":
      return noSuchCommand(word, command, near).message;
    case "commander.missingArgument":
      return `${name} lacks its argument <${word}>: ${write}`;
    case "commander.excessArguments":
      return `${name} does not take ${quoted(command.args[command.registeredArguments.length] ?? "")}: ${write}`;
    case "commander.optionMissingArgument": {
      const option = word.replace(/^-\w, /, "");
      return `${option.split(" ")[0]} lacks its value: write ${option}`;
    }
    case "commander.unknownOption":
      return unknownOption(
        word,
        command,
        near.length === 0 ? `${line} --help lists its options` : meant(near),
      );
    case "commander.invalidArgument": {
      const [, value = "", words] =
        /' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(error.message) ?? [];
      return `${word.split(" ")[0]}: ${quoted(value)} is not one of ${words}`;
    }
    default:
      return error.message;
  }
}

function unknownOption(flag: string, command: Command, remedy: string): string {
  const [name = "", value] = flag.split("=", 2);
  const known = [...command.options, ...(command.parent?.options ?? [])].some(({ long }) => long === name);
  if (known && value !== undefined) return `${name} takes no value: leave out ${quoted(`=${value}`)}`;
  return `${command.name()} has no option ${quoted(flag)}: ${remedy}`;
}

function meant(near: readonly string[]): string {
  return `did you mean ${near.join(" or ")}?`;
}

function nameWithParents(command: Command): string {
  return command.parent === null ? command.name() : `${nameWithParents(command.parent)} ${command.name()}`;
}

import type { Token } from "../../terminal/command-line.ts";
import { CHANNEL_COMMANDS } from "./channel-commands.ts";
import { CPU_COMMANDS } from "./cpu-commands.ts";
import { PIN_COMMAND } from "./pin-command.ts";
import type { Prompt } from "./prompt.ts";
import { VM_COMMANDS } from "./vm-commands.ts";

/** A command of the prompt. */
export interface Command {
  readonly name: string;
  /** What follows it and what it does, for "?". */
  readonly help: string;
  readonly tokens: readonly Token[];
  readonly run: (prompt: Prompt, words: readonly string[]) => Promise<void>;
}

/** All commands but `quit`. */
export const COMMANDS: readonly Command[] = [
  ...VM_COMMANDS,
  ...CHANNEL_COMMANDS,
  PIN_COMMAND,
  ...CPU_COMMANDS,
];

import type { Token } from "../../terminal/command-line.ts";
import type { Prompt } from "./prompt.ts";

/** A command of the prompt. */
export interface Command {
  readonly name: string;
  /** Its arguments and what it does, for "?". */
  readonly help: string;
  readonly tokens: readonly Token[];
  readonly run: (prompt: Prompt, words: readonly string[]) => Promise<void>;
}

import { type Token, wordsOf } from "../../terminal/command-line.ts";
import type { Context } from "../verb.ts";
import { COMMANDS } from "./commands.ts";

/** Completes a line at the prompt: commands, VMs that the daemon knows, words. */
export function completer(call: Context["call"]): (typed: string) => Promise<[string[], string]> {
  return async (typed) => {
    const { words, last } = cut(typed);
    const choices = await choicesFor(words, call);
    return [choices.filter((choice) => choice.startsWith(last)).map((choice) => `${choice} `), last];
  };
}

/** Lists what may come next, as DPDK's prompt does at "?": each choice with its kind and the command's help. */
export function helper(call: Context["call"]): (typed: string) => Promise<string[]> {
  return async (typed) => {
    const { words, last } = cut(typed);
    const [name, ...given] = words;
    if (name === undefined) {
      const fitting = ALL.filter((command) => command.name.startsWith(last));
      return fitting.map((command) => ` ${command.name} [Fixed STRING]: ${command.help}`);
    }
    const command = ALL.find((each) => each.name === name);
    if (command === undefined || given.length > command.tokens.length) return [];
    const token = command.tokens[given.length];
    if (token === undefined) return [" [RETURN]"];
    const choices = (await choicesFor(words, call)).filter((choice) => choice.startsWith(last));
    const kind = ` [${kindOf(token)}]: ${command.help}`;
    // Any name is allowed, so a beginning that fits no known name is no error.
    return choices.length === 0 && typeof token === "string"
      ? [kind]
      : choices.map((choice) => ` ${choice}${kind}`);
  };
}

const ALL: readonly Pick<(typeof COMMANDS)[number], "name" | "help" | "tokens">[] = [
  ...COMMANDS,
  { name: "quit", help: "close the application", tokens: [] },
];

/** The complete words, and the one that is being typed. */
function cut(typed: string): { words: string[]; last: string } {
  const words = wordsOf(typed);
  const last = /\s$/.test(typed) || typed === "" ? "" : (words.pop() ?? "");
  return { words, last };
}

/** The words of DPDK's prompt for kinds of arguments. */
function kindOf(token: Token): string {
  if (token === "number") return "UINT8";
  return typeof token === "string" ? "Any STRING" : "Mul-choice STRING";
}

async function choicesFor([name, ...words]: readonly string[], call: Context["call"]): Promise<string[]> {
  if (name === undefined) return [...COMMANDS.map((command) => command.name), "quit"];
  const token = COMMANDS.find((command) => command.name === name)?.tokens[words.length];
  if (token === undefined || token === "number") return [];
  if (token === "channels") return ["all"];
  if (token !== "vm") return [...token];
  const { vms } = await call("ListVms", {});
  // The prompt cannot take a name with a blank or a "#".
  return vms.map((vm) => vm.name).filter((vm) => /^[^\s#\p{Cc}\p{Cf}]+$/u.test(vm));
}

import { wordsOf } from "../../terminal/command-line.ts";
import type { Context } from "../verb.ts";
import { COMMANDS } from "./commands.ts";

/** Completes what is typed at the prompt: commands, VMs that the daemon knows, words. */
export function completer(call: Context["call"]): (typed: string) => Promise<[string[], string]> {
  return async (typed) => {
    const words = wordsOf(typed);
    const last = /\s$/.test(typed) || typed === "" ? "" : (words.pop() ?? "");
    const choices = await choicesFor(words, call);
    return [choices.filter((choice) => choice.startsWith(last)).map((choice) => `${choice} `), last];
  };
}

async function choicesFor([name, ...words]: readonly string[], call: Context["call"]): Promise<string[]> {
  if (name === undefined) return [...COMMANDS.map((command) => command.name), "quit"];
  const token = COMMANDS.find((command) => command.name === name)?.tokens[words.length];
  if (token === undefined || token === "number") return [];
  if (token === "channels") return ["all"];
  if (token !== "vm") return [...token];
  const { vms } = await call("ListVms", {});
  // A name with a blank or a "#" cannot be typed here.
  return vms.map((vm) => vm.name).filter((vm) => /^[^\s#\p{Cc}\p{Cf}]+$/u.test(vm));
}

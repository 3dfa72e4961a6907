import { fits, wordsOf } from "../../terminal/command-line.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { COMMANDS } from "../shell/commands.ts";
import { completer, helper } from "../shell/completion.ts";
import { Prompt } from "../shell/prompt.ts";
import type { Verb } from "../verb.ts";

/** Verb `shell`: the prompt of DPDK's host program, for programs that were written to control it. */
export const SHELL: Verb = {
  name: "shell",
  summary: "Open a prompt like that of DPDK's vm_power_manager",
  arguments: [],
  examples: [["shell", "add_vm, add_channels, show_vm, … quit"]],
  async run({ call, hangUp, io, json, socket }) {
    if (json) throw new UsageError("shell prints what DPDK's prompt prints: leave out --json");
    await call("GetStatus", {});
    const prompt = new Prompt({ call, io, socket });
    const reader = io.readLines({ complete: completer(call), help: helper(call) });
    try {
      for (;;) {
        // The daemon closes idle connections and may be restarted, so every line connects anew.
        await hangUp();
        const line = await reader.next("vmpower> ");
        if (line === undefined) break;
        const [name, ...words] = wordsOf(line);
        if (name === "quit" && words.length === 0) return EXIT.ok;
        if (name !== undefined) await obey(prompt, name, words);
      }
    } finally {
      reader.close();
    }
    // The prompt of the user's shell then starts on a new line.
    io.stdout.write("\n");
    return EXIT.ok;
  },
};

async function obey(prompt: Prompt, name: string, words: readonly string[]): Promise<void> {
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined && name !== "quit") prompt.say("Command not found");
  else if (command === undefined || !fits(words, command.tokens)) prompt.say("Bad arguments");
  else await command.run(prompt, words);
}

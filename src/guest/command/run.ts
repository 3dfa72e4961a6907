import type { Command } from "commander";
import { runChild } from "../../terminal/child.ts";
import { optionParser } from "../../terminal/option-values.ts";
import type { Act } from "./context.ts";
import { hold } from "./hold.ts";
import { complainOf } from "./results.ts";
import { vcpuList, vcpusFor } from "./vcpus.ts";

/** Command `run`: the highest speed while a command runs. */
export function addRunCommand(program: Command, act: Act): void {
  program
    .command("run")
    .summary("Run a command at the highest speed")
    .description(
      "Hold the highest speed while a command runs, and let go at its end: the ports are free again, and with " +
        "--min-on-idle the vCPUs go to the lowest speed. The command runs also without a host. Answers the command's " +
        "exit status.",
    )
    .usage("[options] -- <command...>")
    .argument("<command...>", "the command and its arguments, behind --")
    .option(
      "--vcpus <list>",
      "vCPUs like 0,2-5; by default those that have a port",
      optionParser("--vcpus", vcpuList),
    )
    .option("--min-on-idle", "the lowest speed once the command has ended")
    .action((command: readonly string[], options: { vcpus?: number[]; minOnIdle?: boolean }) =>
      act(async (context) => {
        const power = context.power();
        const held = await hold(vcpusFor(options.vcpus, power, context), power, "max");
        complainOf(held.results, context);
        try {
          return await runChild(command, context.complain);
        } finally {
          await held.end(options.minOnIdle === true ? "min" : undefined);
        }
      }),
    );
}

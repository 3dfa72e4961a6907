import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "commander";
import type { Act, Context } from "./context.ts";
import { hold } from "./hold.ts";
import { complainOf } from "./results.ts";
import { vcpusFor } from "./vcpus.ts";

/** Exit statuses as in shells: command not found, and the number to add to that of a signal. */
const NOT_FOUND = 127;
const SIGNALLED = 128;

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
    .option("--vcpus <list>", "vCPUs like 0,2-5; by default those that have a port")
    .option("--min-on-idle", "the lowest speed once the command has ended")
    .action((command: readonly string[], options: { vcpus?: string; minOnIdle?: boolean }) =>
      act(async (context) => {
        const power = context.power();
        const held = await hold(vcpusFor(options.vcpus, power, context), power, "max");
        complainOf(held.results, context);
        try {
          return await runCommand(command, context);
        } finally {
          await held.end(options.minOnIdle === true ? "min" : undefined);
        }
      }),
    );
}

/** Resolves with the exit status of the command. */
function runCommand([name = "", ...args]: readonly string[], context: Context): Promise<number> {
  const child = spawn(name, args, { stdio: "inherit" });
  // The terminal sends Ctrl-C to the command too. A signal to this process alone is forwarded.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => {};
  process.on("SIGTERM", forward).on("SIGHUP", forward).on("SIGINT", ignore);
  return new Promise<number>((resolve) => {
    child.on("error", (error) => {
      context.complain(`Cannot run "${name}": ${error.message}`);
      resolve(NOT_FOUND);
    });
    child.on("close", (code, signal) =>
      resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal])),
    );
  }).then((code) => {
    process.off("SIGTERM", forward).off("SIGHUP", forward).off("SIGINT", ignore);
    return code;
  });
}

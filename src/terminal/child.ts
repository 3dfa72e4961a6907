import { spawn } from "node:child_process";
import { constants } from "node:os";
import { systemErrorText } from "../base/system-error.ts";

/** Exit statuses as in shells: command not found, and the number to add to that of a signal. */
const NOT_FOUND = 127;
const SIGNALLED = 128;

/** Signals to this process that are passed on to the command. */
const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/**
 * Runs a command with our input and output, and resolves with its exit status. A command that cannot be started is told
 * with `complain`.
 */
export async function runChild(
  [name = "", ...args]: readonly string[],
  complain: (line: string) => void,
): Promise<number> {
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  // The terminal sends Ctrl-C to the command too.
  const ignore = () => {};
  for (const signal of PASSED_ON) process.on(signal, passOn);
  process.on("SIGINT", ignore);
  // Only now: a signal that came before would end this process, and not the command.
  const child = spawn(name, args, { stdio: "inherit" });
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on("error", (error) => {
    complain(`Cannot run "${name}": ${systemErrorText(error)}`);
    resolve(NOT_FOUND);
  });
  child.on("close", (code, signal) =>
    resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal])),
  );
  const code = await promise;
  for (const signal of PASSED_ON) process.off(signal, passOn);
  process.off("SIGINT", ignore);
  return code;
}

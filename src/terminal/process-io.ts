import { systemErrorCode, systemErrorText } from "../base/system-error.ts";
import type { TerminalIo } from "./io.ts";
import { openLineReader } from "./line-reader.ts";
import { openScreen } from "./screen.ts";

/** Exit status of a program that succeeded but could not write its output. */
const OUTPUT_FAILED = 1;

/**
 * Runs a program for people on this process's terminal or pipes, and resolves with its exit status. If a reader such as
 * `| head` closes the pipe, the program ends quietly. Other errors of the output are failures.
 */
export async function runOnTerminal(
  version: string,
  run: (io: TerminalIo) => Promise<number>,
): Promise<number> {
  const { stdout, stderr, env } = process;
  const outputEnded = new AbortController();
  let failure: unknown;
  // Without a listener Bun prints the error of every further write.
  stdout.on("error", (error) => {
    failure ??= error;
    outputEnded.abort();
  });
  stderr.on("error", () => {});
  const code = await run({
    stdout,
    stderr,
    isTty: stdout.isTTY === true,
    columns: stdout.columns ?? 80,
    env,
    version,
    readLines: (options) => openLineReader({ input: process.stdin, output: stdout }, options),
    openScreen:
      stdout.isTTY === true && process.stdin.isTTY === true
        ? () => openScreen({ input: process.stdin, output: stdout })
        : undefined,
    signal: outputEnded.signal,
  });
  await written(stdout);
  if (failure === undefined || systemErrorCode(failure) === "EPIPE") return code;
  stderr.write(`Cannot write to standard output: ${systemErrorText(failure)}\n`);
  return code === 0 ? OUTPUT_FAILED : code;
}

/** Waits until the output is written or has failed. */
async function written(stdout: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stdout.write("", () => resolve());
  });
  // The error event of a write comes one turn later.
  await new Promise((resolve) => setImmediate(resolve));
}

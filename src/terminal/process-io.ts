import type { TerminalIo } from "./io.ts";
import { openLineReader } from "./line-reader.ts";
import { openScreen } from "./screen.ts";

/** This process's terminal or pipes, as a program for people uses them. */
export function processIo(version: string): TerminalIo {
  const { stdout, stderr, env } = process;
  const readerLeft = new AbortController();
  // "events | head" closes the pipe. Without a listener Bun prints the error of every write that follows.
  stdout.on("error", () => readerLeft.abort());
  stderr.on("error", () => {});
  return {
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
    signal: readerLeft.signal,
  };
}

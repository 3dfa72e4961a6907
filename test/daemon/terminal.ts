import { join } from "node:path";
import { until } from "./until.ts";

/** A program in its own terminal, 80 columns wide. */
export interface Session {
  /** Types a line and returns the output until the next prompt, without the typed line. */
  type(line: string): Promise<string[]>;
  /** Sends keys unchanged. */
  keys(text: string): void;
  /** The whole output, without control sequences of the terminal. */
  shown(): string;
  /** Waits for the end; returns the exit code. */
  ended(): Promise<number>;
}

/** Starts the compiled executable under one of its names. */
export function openTerminal(name: string, args: readonly string[], prompt: string): Session {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([join(import.meta.dir, "../../dist", name), ...args], {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm" },
    terminal: {
      cols: 80,
      rows: 24,
      data(_terminal, bytes) {
        shown += decoder.decode(bytes, { stream: true });
      },
    },
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are removed
  const plain = () => shown.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r\n", "\n");
  const prompts = () => plain().split(prompt).length - 1;
  return {
    async type(line) {
      await until(() => plain().endsWith(prompt));
      const [before, from] = [prompts(), plain().length];
      child.terminal?.write(`${line}\n`);
      await until(() => (prompts() > before && plain().endsWith(prompt)) || child.exitCode !== null);
      const answer = plain().slice(from);
      return answer
        .slice(answer.indexOf("\n") + 1)
        .split("\n")
        .slice(0, -1);
    },
    keys: (text) => void child.terminal?.write(text),
    shown: plain,
    ended: () => child.exited,
  };
}

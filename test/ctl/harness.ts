import type { Control } from "../../src/admin/control.ts";
import { runCtl } from "../../src/ctl/ctl.ts";
import type { LineReader, TerminalIo } from "../../src/terminal/io.ts";
import { serve } from "../admin/harness.ts";
import { sampleControl } from "../admin/sample-control.ts";

/** The result of a run. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `vmpowerctl` with a command line without quotes, or with a list of arguments. */
export async function ctl(command: string | readonly string[], io: Partial<TerminalIo> = {}): Promise<Ran> {
  let out = "";
  let err = "";
  const argv = typeof command === "string" ? command.split(" ").filter((word) => word !== "") : command;
  const code = await runCtl(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    isTty: false,
    columns: 80,
    env: {},
    version: "0.1.0",
    readLines: () => typed([]),
    ...io,
  });
  return { code, out, err };
}

/** Input that a user types, line by line, then its end. */
export function typed(lines: readonly string[], onPrompt: (prompt: string) => void = () => {}): LineReader {
  const left = [...lines];
  return {
    async next(prompt) {
      onPrompt(prompt);
      return left.shift();
    },
    close() {},
  };
}

/** Runs commands against a daemon that is served during the callback. */
export async function ctlWith(
  control: Partial<Control>,
  command: string | readonly string[],
  io: Partial<TerminalIo> = {},
): Promise<Ran> {
  const served = await serve(sampleControl(control));
  try {
    const socket = ["--socket", served.path];
    return await ctl([...socket, ...(typeof command === "string" ? command.split(" ") : command)], io);
  } finally {
    await served.close();
  }
}

import { runGuest } from "../../src/guest/guest.ts";
import type { Places } from "../../src/guest/library/choose.ts";
import type { LineReader, TerminalIo } from "../../src/terminal/io.ts";

/** The result of a run. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Paths without anything of the real machine, unless a test adds it. */
const NOWHERE: Places = {
  virtioPorts: "/nonexistent/ports",
  xenChannels: "/nonexistent/channels",
  xenDevices: "/nonexistent/devices",
  cpus: "/nonexistent/cpus",
  journal: "/nonexistent/journal",
};

/** Runs `vm-power-guest` with a command line without quotes, with these paths. */
export async function guest(
  command: string,
  places: Partial<Places> = {},
  { lines = [], ...io }: Partial<TerminalIo> & { lines?: readonly string[] } = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const argv = command.split(" ").filter((word) => word !== "");
  const code = await runGuest(
    argv,
    {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      isTty: false,
      columns: 80,
      env: {},
      version: "0.1.0",
      readLines: () => typed(lines, (prompt) => (out += prompt)),
      ...io,
    },
    { ...NOWHERE, ...places },
  );
  return { code, out, err };
}

/** Input that a user types, line by line, then its end. */
function typed(lines: readonly string[], onPrompt: (prompt: string) => void): LineReader {
  const left = [...lines];
  return {
    async next(prompt) {
      onPrompt(prompt);
      return left.shift();
    },
    close() {},
  };
}

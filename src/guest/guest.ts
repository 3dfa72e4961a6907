import { CommanderError } from "commander";
import { EXIT, UsageError } from "../terminal/exit-code.ts";
import { styleFor, type TerminalIo } from "../terminal/io.ts";
import { jsonText, printable } from "../terminal/text.ts";
import type { Context } from "./command/context.ts";
import { createProgram, type GlobalOptions } from "./command/program.ts";
import { PLACES, type Places } from "./library/choose.ts";
import { openPower } from "./library/power.ts";

/** Runs `vm-power-guest` with the arguments after its name. Resolves with the exit status. `places` are for tests. */
export async function runGuest(
  argv: readonly string[],
  io: TerminalIo,
  places: Partial<Places> = {},
): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(io, async (options, work) => {
    code = await work(contextOf(options, io, places));
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // Commander throws for help and version too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof UsageError)) throw error;
    io.stderr.write(`${printable(error.message)}\n`);
    return EXIT.usage;
  }
  return code;
}

function contextOf(options: GlobalOptions, io: TerminalIo, places: Partial<Places>): Context {
  const { env, port, vmName, timeoutMs, json } = options;
  const ports = options.ports === undefined ? {} : { virtioPorts: options.ports };
  const where = { ...PLACES, ...places, ...ports };
  return {
    io,
    style: styleFor(io),
    json,
    env,
    vmName,
    port,
    places: where,
    power: (more) =>
      openPower({
        variables: io.env,
        places: where,
        ...(env === undefined ? {} : { env }),
        ...(port === undefined ? {} : { port }),
        ...(vmName === undefined ? {} : { vmName }),
        ...(timeoutMs === undefined ? {} : { hostMs: timeoutMs, answerMs: timeoutMs }),
        ...more,
      }),
    show: (result, words) => {
      const text = json ? jsonText(result, { pretty: io.isTty }) : words();
      if (text !== "") io.stdout.write(`${text}\n`);
    },
    complain: (sentence) => void io.stderr.write(`${printable(sentence)}\n`),
  };
}

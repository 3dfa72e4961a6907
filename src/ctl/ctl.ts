import { CommanderError } from "commander";
import { EXIT, UsageError } from "../terminal/exit-code.ts";
import { styleFor, type TerminalIo } from "../terminal/io.ts";
import { jsonText } from "../terminal/text.ts";
import { textWidth, wrapLine } from "../terminal/wrap.ts";
import { createConnector } from "./connector.ts";
import { describeFailure, failureReport } from "./failure.ts";
import { chooseHosts } from "./hosts/choose.ts";
import { PARALLEL, runOnHosts } from "./hosts/hosts.ts";
import { createProgram, DEFAULT_SOCKET, type GlobalOptions } from "./program.ts";
import { healthOfFailure } from "./status/health.ts";
import { NAGIOS, pluginOfDaemon } from "./status/nagios.ts";
import type { Given, Verb } from "./verb.ts";
import { VERBS } from "./verbs/verbs.ts";

/** Runs `vmpowerctl` with the arguments after its name. Resolves with the exit status. */
export async function runCtl(argv: readonly string[], io: TerminalIo): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(VERBS, io, async (verb, given, options) => {
    code = await runVerb(verb, given, options, io);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander throws for help and version too.
    if (error.exitCode === 0) return EXIT.ok;
    if (argv.includes(NAGIOS)) return writePlugin(EXIT.usage, usageText(error), io);
    if (argv.includes("--json")) writeReport(error, usageText(error), io);
    return EXIT.usage;
  }
  return code;
}

async function runVerb(verb: Verb, given: Given, options: GlobalOptions, io: TerminalIo): Promise<number> {
  const { socket, json, timeoutMs } = options;
  const connector = createConnector(socket, { timeoutMs });
  try {
    const targets = chooseHosts(options);
    if (targets !== undefined) {
      const globals = [
        ...(socket === DEFAULT_SOCKET ? [] : ["--socket", socket]),
        ...["--timeout", `${timeoutMs / 1000}`],
      ];
      const { failFast, parallel = PARALLEL } = options;
      return await runOnHosts({ targets, verb, given, json, globals, timeoutMs, failFast, parallel, io });
    }
    if (options.failFast || options.parallel !== undefined)
      throw new UsageError(
        "--fail-fast and --parallel are for other hosts: name them by --hosts or --inventory",
      );
    return await verb.run(
      {
        io,
        style: styleFor(io),
        json,
        call: async (method, parameters) => (await connector.for(method)).call(method, parameters),
        subscribe: async (onEvent, options) => (await connector.for("Subscribe")).subscribe(onEvent, options),
        record: async (choice, onPacket, options) =>
          (await connector.for("Record")).record(choice, onPacket, options),
        hold: async (order, onReply, options) =>
          (await connector.for("HoldCpus")).hold(order, onReply, options),
        hangUp: connector.hangUp,
        socket,
        timeoutMs,
        show: (reply, words) => {
          const text = json ? jsonText(reply, { pretty: io.isTty }) : words();
          if (text !== "") io.stdout.write(`${text}\n`);
        },
        now: Date.now,
      },
      given,
    );
  } catch (error) {
    const { sentence, code } = describeFailure(error, socket);
    if (given.flags.has(NAGIOS)) return writePlugin(code, sentence, io);
    if (json) writeReport(error, sentence, io);
    io.stderr.write(`${wrapLine(sentence, textWidth(io), 2)}\n`);
    return code;
  } finally {
    await connector.hangUp();
  }
}

/** The message of commander. For a missing command it has none and shows only the help. */
function usageText({ code, message }: CommanderError): string {
  return code === "commander.help" ? "no command was named" : message.replace(/^error: /, "");
}

/** A failure as a line of a Nagios plug-in, whose exit status it returns. */
function writePlugin(failure: number, sentence: string, io: TerminalIo): number {
  const { text, code } = pluginOfDaemon(healthOfFailure(failure, sentence));
  io.stdout.write(`${text}\n`);
  return code;
}

function writeReport(error: unknown, sentence: string, io: TerminalIo): void {
  io.stdout.write(`${jsonText(failureReport(error, sentence), { pretty: io.isTty })}\n`);
}

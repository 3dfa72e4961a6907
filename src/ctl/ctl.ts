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
import { judgeArguments } from "./vm-argument.ts";

/** Runs `vmpowerctl` with the arguments after its name. Resolves with the exit status. */
export async function runCtl(argv: readonly string[], io: TerminalIo): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(VERBS, io, async (verb, given, options) => {
    code = await runVerb(verb, given, options, io);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    // Commander throws for help and version too.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const isHelp = error instanceof CommanderError;
    const why = isHelp ? new UsageError("No command is named: vmpowerctl --help lists the commands") : error;
    // What stands behind "--" is no option.
    const options = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
    const how = { json: options.includes("--json"), nagios: options.includes(NAGIOS), isShown: isHelp };
    return complain(why, { ...how, socket: DEFAULT_SOCKET }, io);
  }
}

interface Complaint {
  readonly json: boolean;
  readonly nagios: boolean;
  readonly socket: string;
  /** Whether standard error has a text about it. */
  readonly isShown?: boolean;
}

/** Tells a failure in the way that was asked for. Returns the exit status. */
function complain(error: unknown, { json, nagios, socket, isShown }: Complaint, io: TerminalIo): number {
  const { sentence, code } = describeFailure(error, socket);
  if (nagios) {
    const { text, code: state } = pluginOfDaemon(healthOfFailure(code, sentence));
    io.stdout.write(`${text}\n`);
    return state;
  }
  if (json) io.stdout.write(`${jsonText(failureReport(error, sentence), { pretty: io.isTty })}\n`);
  if (isShown !== true) io.stderr.write(`${wrapLine(sentence, textWidth(io), 2)}\n`);
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
    if (options.failFast || options.parallel !== undefined) {
      const option = options.failFast ? "--fail-fast" : "--parallel";
      throw new UsageError(`${option} is for several hosts: name them with --hosts or --inventory`);
    }
    judgeArguments(verb, given);
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
    return complain(error, { json, nagios: given.flags.has(NAGIOS), socket }, io);
  } finally {
    await connector.hangUp();
  }
}

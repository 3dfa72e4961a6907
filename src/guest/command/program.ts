import { type Command, Option } from "commander";
import { UsageError } from "../../terminal/exit-code.ts";
import type { TerminalIo } from "../../terminal/io.ts";
import { optionParser, secondsUpTo } from "../../terminal/option-values.ts";
import { finishParser, newParser } from "../../terminal/parser.ts";
import { quoted } from "../../terminal/text.ts";
import { ENVIRONMENTS, type EnvironmentName, isLcore, LCORE_END } from "../library/environment.ts";
import { addAgentCommand } from "./agent.ts";
import type { Act, Context } from "./context.ts";
import { addEnergyCommand } from "./energy.ts";
import { addPolicyCommands } from "./policy.ts";
import { addQueryCommands } from "./query.ts";
import { addRunCommand } from "./run.ts";
import { addScaleCommands } from "./scale.ts";
import { addShellCommand } from "./shell.ts";
import { addStatusCommand } from "./status.ts";
import { addWatchCommand } from "./watch.ts";

/** The options of every command. */
export interface GlobalOptions {
  readonly env: EnvironmentName | undefined;
  readonly port: number | undefined;
  readonly vmName: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly ports: string | undefined;
  readonly json: boolean;
}

/** Runs the command that was typed. */
export type Run = (options: GlobalOptions, work: (context: Context) => Promise<number>) => Promise<void>;

const TIMEOUT_SECONDS_MAX = 3600;

/** Makes the command-line parser. It throws `UsageError`, and `CommanderError` where it shows help. */
export function createProgram(io: TerminalIo, run: Run): Command {
  const program = newParser(
    "vm-power-guest",
    "Scale the physical CPUs under this guest's vCPUs, by asking the host.",
    io,
  )
    .addOption(new Option("--env <name>", "how to scale; detected by default").choices(ENVIRONMENTS))
    .option(
      "--port <number>",
      "the port that carries all requests; otherwise each vCPU has its own",
      optionParser("--port", number),
    )
    .option("--ports <directory>", "where the virtio-serial ports are")
    .option("-n, --vm-name <name>", "name of this VM on the host; DPDK's own host program needs it")
    .option(
      "--timeout <seconds>",
      "how long to wait for the host",
      optionParser("--timeout", secondsUpTo(TIMEOUT_SECONDS_MAX)),
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", HELP);
  const act: Act = (work) => {
    const {
      timeout,
      json = false,
      ...options
    } = program.opts<Omit<GlobalOptions, "json"> & { json?: boolean; timeout: number | undefined }>();
    return run({ ...options, json, timeoutMs: timeout === undefined ? undefined : timeout * 1000 }, work);
  };
  addScaleCommands(program, act);
  addQueryCommands(program, act);
  addEnergyCommand(program, act);
  addPolicyCommands(program, act);
  addStatusCommand(program, act);
  addWatchCommand(program, act);
  addShellCommand(program, act);
  addRunCommand(program, act);
  addAgentCommand(program, act);
  return finishParser(program, io);
}

function number(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (isLcore(value)) return value;
  throw new UsageError(
    `${quoted(text)} is not the number at the end of a port's name, 0 to ${LCORE_END - 1}`,
  );
}

const HELP = `
Examples:
  vm-power-guest max                     # full speed, for every vCPU that has a port
  vm-power-guest down 2-3                # one step slower under these two
  vm-power-guest status                  # which ports there are, and who has them
  vm-power-guest run --min-on-idle -- make

Exit status:
  0 done, 1 failed, 2 wrong usage, 3 no host, 4 no permission, 5 no answer,
  10 no such port, vCPU or CPU`;

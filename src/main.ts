import { basename } from "node:path";
import type { TerminalIo } from "./terminal/io.ts";
import { VERSION } from "./version.ts";

/**
 * Runs one of several programs, chosen by the name under which the executable was called. Only that one is loaded: each
 * takes some milliseconds and a megabyte.
 */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  switch (basename(process.argv0)) {
    case "vmpowerctl": {
      const { runCtl } = await import("./ctl/ctl.ts");
      return onTerminal((io) => runCtl(argv, io));
    }
    case "vm-power-guest": {
      const { runGuest } = await import("./guest/guest.ts");
      return onTerminal((io) => runGuest(argv, io));
    }
    default: {
      const { serviceConfig } = await import("./daemon/service.ts");
      const config = serviceConfig(argv);
      if (config !== undefined) return (await import("./daemon/lifecycle/serve.ts")).serve(config);
      const { runDaemonProgram } = await import("./daemon/program.ts");
      return onTerminal(() => runDaemonProgram(argv));
    }
  }
}

/** The streams of a terminal are loaded only for programs for people. */
async function onTerminal(run: (io: TerminalIo) => Promise<number>): Promise<number> {
  const { runOnTerminal } = await import("./terminal/process-io.ts");
  return runOnTerminal(VERSION, run);
}

process.exitCode = await main();
